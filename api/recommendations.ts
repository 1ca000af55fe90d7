/** What to watch next: one slate an answer, each slot with its place, source and score. */
import type { Builder } from '#api/builder.ts'
import type { Context } from '#api/context.ts'
import { boundedFirst } from '#api/pages.ts'
import type { SlateRecord, TitleRecord } from '#api/ports.ts'
import { type TitleRef, visibleTitle } from '#api/titles.ts'

type Slot = { position: number; source: string; score: number; title: TitleRecord }
type Row = { key: string; name: string; slots: Slot[] }
type Slate = Omit<SlateRecord, 'rows'> & { rows: Row[] }

/** Puts the titles into the slots, in one read; a title removed since is left out. */
async function filled(slate: SlateRecord, { ports, caller }: Context): Promise<Slate> {
  const ids = [...new Set(slate.rows.flatMap((row) => row.slots.map((slot) => slot.titleId)))]
  const titles = await ports.titlesById(caller.tenantId, ids)
  const byId = new Map(titles.map((title) => [title.id, title]))
  const rows = slate.rows.map((row) => ({
    key: row.key,
    name: row.name,
    slots: row.slots.flatMap(({ titleId, ...slot }) => {
      const title = byId.get(titleId)
      return title === undefined ? [] : [{ ...slot, title }]
    }),
  }))
  return { ...slate, rows: rows.filter((row) => row.slots.length > 0) }
}

export function defineRecommendations(builder: Builder, Title: TitleRef) {
  const Slot = builder.objectRef<Slot>('Slot').implement({
    fields: (t) => ({
      position: t.exposeInt('position'),
      title: t.expose('title', { type: Title }),
      source: t.exposeString('source'),
      score: t.exposeFloat('score'),
    }),
  })
  const Row = builder.objectRef<Row>('Row').implement({
    fields: (t) => ({
      key: t.exposeString('key'),
      name: t.exposeString('name'),
      slots: t.expose('slots', { type: [Slot] }),
    }),
  })
  const Slate = builder.objectRef<Slate>('Slate').implement({
    description: 'One answer of the recommender: what was chosen, by which model, in which order.',
    fields: (t) => ({
      id: t.exposeID('id'),
      modelName: t.exposeString('modelName'),
      modelVersion: t.exposeString('modelVersion'),
      rows: t.expose('rows', { type: [Row] }),
    }),
  })
  builder.queryFields((t) => ({
    home: t.field({
      type: Slate,
      description: "The viewer's home: rows composed from one slate, each title once.",
      resolve: async (_, __, context) => filled(await context.ports.home(context.caller), context),
    }),
    recommendations: t.field({
      type: Slate,
      description: 'One row of titles for the end of, or beside, a title.',
      args: { titleId: t.arg.id({ required: true }), first: t.arg.int({ defaultValue: 12 }) },
      resolve: async (_, { titleId, first }, context) => {
        await visibleTitle(context, titleId)
        const slate = await context.ports.related(context.caller, titleId, boundedFirst(first, 12))
        return filled(slate, context)
      },
    }),
  }))
}
