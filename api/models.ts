/** Models and their versions, for the data scientist and the operator. */
import type { Builder } from '#api/builder.ts'
import { demandRole } from '#api/context.ts'
import type { Caller, ModelRecord } from '#api/ports.ts'

const nameOf = (caller: Caller): string => caller.person?.name ?? 'nobody'

export function defineModels(builder: Builder) {
  const Metric = builder.objectRef<ModelRecord['metrics'][number]>('Metric').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      value: t.exposeFloat('value'),
      low: t.exposeFloat('low'),
      high: t.exposeFloat('high'),
      against: t.string({ nullable: true, resolve: (metric) => metric.against ?? null }),
      difference: t.float({ nullable: true, resolve: (metric) => metric.difference ?? null }),
      differenceLow: t.float({ nullable: true, resolve: (metric) => metric.differenceLow ?? null }),
      differenceHigh: t.float({ nullable: true, resolve: (metric) => metric.differenceHigh ?? null }),
    }),
  })
  const ModelVersion = builder.objectRef<ModelRecord>('ModelVersion').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      version: t.exposeString('version'),
      state: t.exposeString('state'),
      trainedAt: t.expose('trainedAt', { type: 'Instant' }),
      interactionCount: t.exposeInt('interactionCount'),
      metrics: t.field({ type: [Metric], resolve: (model) => [...model.metrics] }),
    }),
  })
  builder.queryFields((t) => ({
    models: t.field({
      type: [ModelVersion],
      description: 'Models and their versions, newest first. For the data scientist and the operator.',
      resolve: async (_, __, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        return [...(await ports.models(caller.tenantId))]
      },
    }),
  }))
  builder.mutationFields((t) => ({
    promoteModel: t.field({
      type: ModelVersion,
      args: { version: t.arg.id({ required: true }) },
      resolve: (_, { version }, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        return ports.promoteModel(caller.tenantId, version, nameOf(caller))
      },
    }),
    rollbackModel: t.field({
      type: ModelVersion,
      nullable: true,
      description: 'Takes the champion back; the one before it, or popularity, serves from now on.',
      resolve: (_, __, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        return ports.rollbackModel(caller.tenantId, nameOf(caller))
      },
    }),
  }))
}
