/** The life of a model: trained, measured, put before viewers, taken back. */
import { defineEvent, defineStream, id, label, optional, real, text, whole } from '#events/define.ts'

export const modelEvents = defineStream({
  name: 'models.lifecycle.v1',
  table: 'model_events',
  key: 'modelName',
  partitions: 1,
  orderBy: ['tenantId', 'modelName', 'derivedAt', 'eventId'],
  retentionDays: 'forever',
  description: 'Training, evaluation, promotion and roll-back of models.',
  common: { modelName: label('kind of model'), modelVersion: label('version') },
})

const by = 'server'
export const modelTrained = defineEvent(modelEvents, {
  type: 'models.model.trained',
  version: 1,
  by,
  description: 'A version was trained and stored.',
  fields: {
    interactionCount: whole('UInt32', 'interactions learned from'),
    trainMs: whole('UInt32', 'wall time'),
    dataHash: id('hash of the training set'),
  },
})
export const modelEvaluated = defineEvent(modelEvents, {
  type: 'models.model.evaluated',
  version: 1,
  by,
  description: 'A version was measured on a held-out period.',
  fields: {
    metric: label('e.g. `ndcg@10`'),
    value: real('the metric'),
    low: real('lower end of its 95 % interval'),
    high: real('upper end of its 95 % interval'),
    against: optional(label('model it was compared with')),
    difference: optional(real('paired difference to it')),
    differenceLow: optional(real('lower end of the 95 % interval of the difference')),
  },
})
export const modelPromoted = defineEvent(modelEvents, {
  type: 'models.model.promoted',
  version: 1,
  by,
  description: 'Viewers get this version from now on.',
  fields: { previousVersion: optional(label('version it replaces')), by: text('who did it', 120) },
})
export const canaryStarted = defineEvent(modelEvents, {
  type: 'models.model.canaryStarted',
  version: 1,
  by,
  description: 'A share of the viewers gets this version from now on.',
  fields: { share: real('share of the viewers, 0 to 0.5'), by: text('who did it', 120) },
})
export const modelRolledBack = defineEvent(modelEvents, {
  type: 'models.model.rolledBack',
  version: 1,
  by,
  description: 'The version before is back.',
  fields: { previousVersion: optional(label('version taken back')), by: text('who did it', 120) },
})

export const models = [modelTrained, modelEvaluated, modelPromoted, canaryStarted, modelRolledBack] as const
