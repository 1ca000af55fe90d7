/** What the learning side refuses, and what to do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  tooFewInteractions: {
    code: 'SV_TOO_FEW_INTERACTIONS',
    status: 409,
    fix: 'Let viewers watch more, on more than one day, then train again.',
  },
  kindUnknown: {
    code: 'SV_MODEL_KIND_UNKNOWN',
    status: 422,
    fix: 'Name a kind of model that `streamverse train --help` lists.',
  },
  gateClosed: {
    code: 'SV_GATE_CLOSED',
    status: 409,
    fix: 'Train a better version; or promote it all the same with `--despite "why"`, which is kept with it.',
  },
  canaryImpossible: {
    code: 'SV_CANARY_IMPOSSIBLE',
    status: 409,
    fix: 'Try a version that is not before all viewers already, on a share above 0 and up to 50 %.',
  },
  modelMissing: {
    code: 'SV_MODEL_MISSING',
    status: 404,
    fix: 'List the versions with `streamverse models` and name one of them.',
  },
  notNextToRollBack: {
    code: 'SV_NOT_NEXT_TO_ROLL_BACK',
    status: 409,
    fix: 'Look at what viewers get now, and take that back.',
  },
  nothingToRollBack: {
    code: 'SV_NOTHING_TO_ROLL_BACK',
    status: 409,
    fix: 'No model is before viewers; promote one first.',
  },
  engineMissing: {
    code: 'SV_ENGINE_MISSING',
    status: 409,
    fix: 'Run `scripts/install-gpu.sh`, or train with `--engine wasm`.',
  },
  exportDiffers: {
    code: 'SV_EXPORT_DIFFERS',
    status: 500,
    fix: 'Train again; if it differs again, report it with the version of onnxruntime-node. Nothing was stored.',
  },
  propensityInvalid: {
    code: 'SV_PROPENSITY_INVALID',
    status: 422,
    fix: 'Log the chance with which each decision was made; leave out decisions that were not left to chance.',
  },
  trainingDied: {
    code: 'SV_TRAINING_DIED',
    status: 500,
    fix: 'Train again; if it ends the same way, give the machine more memory or a smaller catalogue.',
  },
})
