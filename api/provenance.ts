/** How a figure came about, as an API type: every object with figures has it as `provenance`, for those who may read it. */
import type { ObjectRef } from '@pothos/core'
import type { Builder, Enums } from '#api/builder.ts'
import type { Asked } from '#api/ports.ts'
import type { MetricDefinition } from '#metrics/define.ts'
import type { LookedAt } from '#metrics/looked-at.ts'
import type { Provenance, ShownStatement } from '#metrics/provenance.ts'
import type { ReportName } from '#metrics/reports.ts'
import { LEFT_OUT, type LeftOut } from '#metrics/scope.ts'

/** What an object with figures remembers: what was asked, and of which instant. */
export type WithAsked = { readonly asked: Asked }

type Looked = LookedAt & Pick<Provenance, 'repeatedEvents' | 'include'> & { readonly what: string }

type TypesOf<B> = B extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never

export function defineProvenance(builder: Builder, { LeftOut: LeftOutKind }: Enums) {
  const Metric = builder.objectRef<MetricDefinition>('MetricDefinition').implement({
    description: 'What a figure is: docs/metrics.md, in the words of the code that computes it.',
    fields: (t) => ({
      name: t.exposeString('name'),
      about: t.exposeString('about'),
      formula: t.exposeString('formula'),
      unit: t.exposeString('unit'),
      population: t.exposeString('population'),
      clock: t.exposeString('clock', { description: 'Which instant puts a view into a period.' }),
      nullWhen: t.exposeString('nullWhen', { description: 'When there is no value.' }),
      source: t.exposeString('source'),
    }),
  })
  const Parameter = builder
    .objectRef<ShownStatement['parameters'][number]>('StatementParameter')
    .implement({ fields: (t) => ({ name: t.exposeString('name'), value: t.exposeString('value') }) })
  const Statement = builder.objectRef<ShownStatement>('Statement').implement({
    description: 'A query to the warehouse.',
    fields: (t) => ({
      sql: t.exposeString('sql', { description: 'As it is asked: `{name:Type}` is a parameter.' }),
      parameters: t.field({ type: [Parameter], resolve: ({ parameters }) => [...parameters] }),
      runnable: t.exposeString('runnable', {
        description: 'The same with the parameters written in: any ClickHouse client runs it.',
      }),
    }),
  })
  const LeftOutViews = builder.objectRef<{ kind: LeftOut; views: number }>('LeftOutViews').implement({
    fields: (t) => ({
      kind: t.field({ type: LeftOutKind, resolve: ({ kind }) => kind }),
      views: t.exposeInt('views'),
    }),
  })
  const Rows = builder.objectRef<Looked>('RowsLookedAt').implement({
    fields: (t) => ({
      what: t.exposeString('what', { description: 'What is counted here, such as `views`.' }),
      counted: t.exposeInt('counted'),
      leftOut: t.field({
        type: [LeftOutViews],
        description: 'Not counted, each for the first reason that fits; 0 for kinds that are included.',
        resolve: (rows) => LEFT_OUT.map((kind) => ({ kind, views: rows[kind] })),
      }),
      include: t.field({
        type: [LeftOutKind],
        description: 'Kinds that are counted because they were asked for.',
        resolve: ({ include }) => [...include],
      }),
      late: t.exposeInt('late', {
        description: 'Of the counted: those of which something came when its day was settled.',
      }),
      repeatedEvents: t.float({
        nullable: true,
        description: 'Rows of their events beyond the distinct events. They change no figure.',
        resolve: (rows) => rows.repeatedEvents(),
      }),
    }),
  })
  return builder.objectRef<Provenance>('Provenance').implement({
    description: 'How a figure came about.',
    fields: (t) => ({
      metrics: t.field({ type: [Metric], resolve: ({ metrics }) => [...metrics] }),
      from: t.expose('from', { type: 'Instant', description: 'Begin of the period; 0 for all time.' }),
      to: t.expose('to', { type: 'Instant' }),
      watermarkAt: t.expose('watermarkAt', {
        type: 'Instant',
        description: 'Everything received before this instant is in the figure.',
      }),
      statements: t.field({ type: [Statement], resolve: ({ statements }) => [...statements] }),
      after: t.exposeString('after', {
        nullable: true,
        description: 'What is done with the answers before they are told; null: nothing.',
      }),
      rows: t.field({
        type: Rows,
        nullable: true,
        description: 'The rows the statements look at; null when they could not be counted in time.',
        resolve: async (one) => ({
          ...(await one.looked()),
          what: one.rows,
          include: one.include,
          repeatedEvents: () => one.repeatedEvents(),
        }),
      }),
      again: t.float({
        nullable: true,
        description:
          'The figure from the runnable SQL, run now. Null where there is no value, and for what is more than a number.',
        resolve: (one) => one.again(),
      }),
    }),
  })
}
type ProvenanceRef = ReturnType<typeof defineProvenance>

/** Objects with figures that can be asked how those came about. */
type Asking = Readonly<Record<ReportName, ObjectRef<TypesOf<Builder>, WithAsked>>>

/** `of`: a field of the object. */
export function addProvenance(builder: Builder, Provenance: ProvenanceRef, asking: Asking): void {
  for (const [report, ref] of Object.entries(asking) as [ReportName, Asking[ReportName]][])
    builder.objectField(ref, 'provenance', (t) =>
      t.field({
        type: Provenance,
        args: { of: t.arg.string({ description: 'A field of this object; left out, all of it.' }) },
        description: 'How these figures came about: definitions, SQL, rows counted and left out.',
        resolve: ({ asked }, { of }, { ports }) => ports.provenance(report, asked, of ?? null),
      }),
    )
}
