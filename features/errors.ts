/** What features and training sets refuse, and what to do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  featureMissing: {
    code: 'SV_FEATURE_MISSING',
    status: 404,
    fix: 'List the features with `streamverse features` and name one of them.',
  },
  featureFromLater: {
    code: 'SV_FEATURE_FROM_LATER',
    status: 422,
    fix: 'Let its rows carry the time at which the last of what they are made of could be known, and sum only what was known.',
  },
})
