/** Dead letters for operators: listed, looked at, and taken again after a fix. */
import type { Builder } from '#api/builder.ts'
import { demandRole } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import { boundedFirst, cursorOf, type PageInfoRef, placeOf } from '#api/pages.ts'
import type { Caller, LetterFilter, LetterRecord, ReplayedRecord } from '#api/ports.ts'
import { Refusal } from '#base/refusal.ts'

const FIRST = 50
const MAX_REPLAYED = 500

type Page = {
  readonly filter: LetterFilter
  readonly letters: readonly LetterRecord[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}
type Replay = {
  readonly replayed: readonly ReplayedRecord[]
  readonly endCursor: string | null
  readonly hasNextPage: boolean
}

/** Operators of the tenant only; its id. */
function tenantOf(caller: Caller): string {
  demandRole(caller, 'operator')
  return caller.tenantId
}
const cursorOfLetter = ({ receivedAt, id }: LetterRecord): string => cursorOf({ at: receivedAt, id })
const pageInfoOf = ({ letters, hasNextPage, hasPreviousPage }: Page) => {
  const [first] = letters
  const last = letters.at(-1)
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: first === undefined ? null : cursorOfLetter(first),
    endCursor: last === undefined ? null : cursorOfLetter(last),
  }
}

function defineLetter(builder: Builder) {
  const State = builder.enumType('DeadLetterState', {
    description: 'waiting; stored: replayed; present: replayed, and its event was there already.',
    values: ['waiting', 'stored', 'present'] as const,
  })
  const Encoding = builder.enumType('BodyEncoding', { values: ['text', 'base64'] as const })
  const Letter = builder.objectRef<LetterRecord>('DeadLetter').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      receivedAt: t.expose('receivedAt', { type: 'Instant' }),
      reason: t.exposeString('reason', { description: 'Why it is here, as last judged.' }),
      detail: t.exposeString('detail'),
      firstReason: t.exposeString('firstReason'),
      claimedType: t.exposeString('claimedType', {
        nullable: true,
        description: 'The type the sender gave.',
      }),
      schema: t.exposeString('schema', {
        nullable: true,
        description: '`type@version` it was checked against; null when it did not come so far.',
      }),
      stream: t.exposeString('stream', { nullable: true, description: 'The stream its event belongs to.' }),
      sourceFormat: t.exposeString('sourceFormat'),
      partition: t.exposeInt('partition', { description: 'Of the letter, in the stream of dead letters.' }),
      offset: t.exposeFloat('offset', { description: 'Of the letter, in the stream of dead letters.' }),
      body: t.exposeString('body', { description: 'As received, as far as it was kept.' }),
      bodyEncoding: t.expose('bodyEncoding', { type: Encoding }),
      bodyBytes: t.exposeInt('bodyBytes', { description: 'How many bytes were received.' }),
      isCut: t.exposeBoolean('isCut', { description: 'Only a part of the body was kept.' }),
      state: t.expose('state', { type: State }),
      replays: t.exposeInt('replays'),
      replayedAt: t.field({
        type: 'Instant',
        nullable: true,
        resolve: ({ replayedAt }) => (replayedAt === 0 ? null : replayedAt),
      }),
    }),
  })
  return { Letter, State }
}

function definePage(
  builder: Builder,
  Letter: ReturnType<typeof defineLetter>['Letter'],
  PageInfo: PageInfoRef,
) {
  const Edge = builder.objectRef<LetterRecord>('DeadLetterEdge').implement({
    fields: (t) => ({
      cursor: t.string({ resolve: cursorOfLetter }),
      node: t.field({ type: Letter, resolve: (letter) => letter }),
    }),
  })
  const LetterCount = builder
    .objectRef<{ reason: string; count: number }>('DeadLetterCount')
    .implement({ fields: (t) => ({ reason: t.exposeString('reason'), count: t.exposeInt('count') }) })
  return builder.objectRef<Page>('DeadLetterConnection').implement({
    fields: (t) => ({
      edges: t.field({ type: [Edge], resolve: ({ letters }) => [...letters] }),
      pageInfo: t.field({ type: PageInfo, resolve: pageInfoOf }),
      counts: t.field({
        type: [LetterCount],
        description: 'How many the filter leaves by reason, the filter by reason apart.',
        resolve: async ({ filter }, _, { ports, caller }) => [
          ...(await ports.countDeadLetters(tenantOf(caller), { ...filter, reason: undefined })),
        ],
      }),
    }),
  })
}

export function defineLetters(builder: Builder, PageInfo: PageInfoRef) {
  const { Letter, State } = defineLetter(builder)
  const Connection = definePage(builder, Letter, PageInfo)
  const Outcome = builder.enumType('ReplayOutcome', { values: ['stored', 'present', 'failed'] as const })
  const Replayed = builder.objectRef<ReplayedRecord>('ReplayedLetter').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      outcome: t.expose('outcome', { type: Outcome }),
      reason: t.exposeString('reason', { nullable: true, description: 'Why it failed again.' }),
      detail: t.exposeString('detail', { nullable: true }),
    }),
  })
  const Replay = builder.objectRef<Replay>('Replay').implement({
    fields: (t) => ({
      replayed: t.field({ type: [Replayed], resolve: ({ replayed }) => [...replayed] }),
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'More letters wait behind `endCursor`.' }),
      endCursor: t.exposeString('endCursor', { nullable: true }),
    }),
  })
  const Filter = builder.inputType('DeadLetterFilter', {
    fields: (t) => ({
      reason: t.string({ description: 'As last judged.' }),
      type: t.string({ description: 'The type the sender gave.' }),
      since: t.field({ type: 'Instant', description: 'Received at or after.' }),
      state: t.field({ type: State }),
    }),
  })
  type Given = {
    reason?: string | null | undefined
    type?: string | null | undefined
    since?: number | null | undefined
    state?: LetterFilter['state'] | null
  }
  const filterOf = (given: Given | null | undefined): LetterFilter =>
    Object.fromEntries(
      Object.entries(given ?? {}).filter(([, value]) => value !== null && value !== undefined),
    )

  builder.queryFields((t) => ({
    deadLetters: t.field({
      type: Connection,
      description: 'What the collector could not accept, newest first. For operators, of their tenant.',
      args: {
        filter: t.arg({ type: Filter }),
        first: t.arg.int({ defaultValue: FIRST }),
        after: t.arg.string(),
      },
      resolve: async (_, { filter: given, first, after }, { ports, caller }): Promise<Page> => {
        const filter = filterOf(given)
        const page = { first: boundedFirst(first, FIRST), after: after ? placeOf(after) : null }
        const found = await ports.deadLetters(tenantOf(caller), filter, page)
        return { ...found, filter, hasPreviousPage: page.after !== null }
      },
    }),
    deadLetter: t.field({
      type: Letter,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }, { ports, caller }) => ports.deadLetter(tenantOf(caller), id),
    }),
  }))
  builder.mutationFields((t) => ({
    replayDeadLetters: t.field({
      type: Replay,
      description:
        'Takes letters again, as of when they were received: those named, or the newest that wait and pass the filter.',
      args: {
        ids: t.arg.idList(),
        filter: t.arg({ type: Filter }),
        first: t.arg.int({ defaultValue: FIRST }),
        after: t.arg.string(),
      },
      resolve: async (_, { ids, filter, first, after }, { ports, caller }): Promise<Replay> => {
        const tenantId = tenantOf(caller)
        const by = caller.person?.name ?? 'operator'
        if (ids !== null && ids !== undefined) {
          if (ids.length > MAX_REPLAYED) {
            throw new Refusal(
              refusals.badInput,
              `${ids.length} ids; at most ${MAX_REPLAYED} are taken at once.`,
            )
          }
          return {
            replayed: await ports.replayDeadLetters(tenantId, ids, by),
            endCursor: null,
            hasNextPage: false,
          }
        }
        const page = { first: boundedFirst(first, FIRST), after: after ? placeOf(after) : null }
        const { letters, hasNextPage } = await ports.deadLetters(
          tenantId,
          { ...filterOf(filter), state: 'waiting' },
          page,
        )
        const last = letters.at(-1)
        const wanted = letters.map(({ id }) => id)
        return {
          replayed: await ports.replayDeadLetters(tenantId, wanted, by),
          endCursor: last === undefined ? null : cursorOfLetter(last),
          hasNextPage,
        }
      },
    }),
  }))
}
