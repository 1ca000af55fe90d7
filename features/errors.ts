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
  nothingToLearn: {
    code: 'SV_NOTHING_TO_LEARN',
    status: 409,
    fix: 'Ask for a later --as-of, or let viewers watch first.',
  },
  trainingSetTooLarge: {
    code: 'SV_TRAINING_SET_TOO_LARGE',
    status: 413,
    fix: 'Ask for fewer negatives with --per-positive, or for less time with an earlier --as-of.',
  },
  datasetFolderTaken: {
    code: 'SV_DATASET_FOLDER_TAKEN',
    status: 409,
    fix: 'Name another folder with --out, or empty this one: only a training set is ever replaced.',
  },
})
