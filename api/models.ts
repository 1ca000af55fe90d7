/** Models and their versions, for the data scientist and the operator. */
import type { Builder } from '#api/builder.ts'
import { demandRole } from '#api/context.ts'
import type { CanaryRecord, MetricRecord, ModelRecord } from '#api/model-ports.ts'
import type { Caller } from '#api/ports.ts'

const nameOf = (caller: Caller): string => caller.person?.name ?? 'nobody'

export function defineModels(builder: Builder) {
  const Metric = builder.objectRef<MetricRecord>('Metric').implement({
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
  const Baseline = builder.objectRef<ModelRecord['baselines'][number]>('Baseline').implement({
    description: 'Another model on the same viewers, and how far the version is above it in ndcg@10, paired.',
    fields: (t) => ({
      name: t.exposeString('name'),
      ndcg: t.float({ resolve: ({ metrics }) => metrics[0]?.value ?? 0 }),
      gap: t.float({ nullable: true, resolve: ({ gap }) => gap?.value ?? null }),
      gapLow: t.float({ nullable: true, resolve: ({ gap }) => gap?.low ?? null }),
      gapHigh: t.float({ nullable: true, resolve: ({ gap }) => gap?.high ?? null }),
    }),
  })
  const Slice = builder.objectRef<NonNullable<ModelRecord['slices']>[number]>('Slice').implement({
    description: 'ndcg@10 within one group of viewers.',
    fields: (t) => ({
      viewers: t.exposeInt('viewers'),
      metric: t.field({ type: Metric, resolve: (slice) => slice }),
    }),
  })
  const Gate = builder.objectRef<NonNullable<ModelRecord['gates']>[number]>('Gate').implement({
    description: 'What a version must show before viewers get it, and whether it did.',
    fields: (t) => ({
      name: t.exposeString('name'),
      passed: t.exposeBoolean('passed'),
      why: t.exposeString('why'),
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
      viewerCount: t.exposeInt('viewerCount'),
      titleCount: t.exposeInt('titleCount'),
      epochs: t.exposeInt('epochs'),
      trainMs: t.exposeInt('trainMs'),
      seed: t.exposeFloat('seed'),
      dataHash: t.exposeString('dataHash'),
      codeVersion: t.exposeString('codeVersion'),
      protocol: t.exposeString('protocol'),
      metrics: t.field({ type: [Metric], resolve: (model) => [...model.metrics] }),
      baselines: t.field({ type: [Baseline], resolve: (model) => [...model.baselines] }),
      slices: t.field({ type: [Slice], resolve: ({ slices }) => [...(slices ?? [])] }),
      gates: t.field({ type: [Gate], resolve: ({ gates }) => [...(gates ?? [])] }),
      settings: t.string({
        nullable: true,
        description: 'As JSON; null for a version stored before they were kept.',
        resolve: ({ lineage }) => (lineage === undefined ? null : JSON.stringify(lineage.settings)),
      }),
      championThen: t.string({
        nullable: true,
        description: 'The version before viewers when this one was trained; null when it was popularity.',
        resolve: ({ lineage }) => lineage?.champion ?? null,
      }),
    }),
  })
  const Canary = builder.objectRef<CanaryRecord>('Canary').implement({
    description: 'A version that a share of the viewers gets, to see how they take it.',
    fields: (t) => ({
      modelId: t.exposeID('modelId'),
      share: t.exposeFloat('share'),
      startedAt: t.expose('startedAt', { type: 'Instant' }),
      startedBy: t.exposeString('startedBy'),
      guardrails: t.stringList({
        description: 'What each guardrail says. A broken one takes the canary back.',
        resolve: ({ guardrails }) => [...guardrails],
      }),
    }),
  })
  builder.queryFields((t) => ({
    canary: t.field({
      type: Canary,
      nullable: true,
      description: 'The canary that runs, with its guardrails as they are now.',
      resolve: (_, __, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        return ports.canary(caller.tenantId)
      },
    }),
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
      description:
        'Puts a version before viewers, or before a `share` of them (0 to 0.5): a canary. One with a closed gate is ' +
        'refused unless `despite` says why.',
      args: { version: t.arg.id({ required: true }), share: t.arg.float(), despite: t.arg.string() },
      resolve: (_, { version, share, despite }, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        const [by, why] = [nameOf(caller), despite ?? undefined]
        return share == null
          ? ports.promoteModel(caller.tenantId, version, by, why)
          : ports.startCanary(caller.tenantId, version, share, by, why)
      },
    }),
    rollbackModel: t.field({
      type: ModelVersion,
      nullable: true,
      description:
        'Takes the canary back where one runs; else the champion: the one before it, or popularity, serves then. With ' +
        '`version` only when that is the one it would take back.',
      args: { version: t.arg.id() },
      resolve: (_, { version }, { ports, caller }) => {
        demandRole(caller, 'dataScientist', 'operator')
        return ports.rollbackModel(caller.tenantId, nameOf(caller), version ?? undefined)
      },
    }),
  }))
}
