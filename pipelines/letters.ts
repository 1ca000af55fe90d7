/**
 * Dead letters, read and taken again. Promises: a letter's event is appended at most once, whoever replays it how often
 * and whatever is killed in between, as long as one process replays at a time; what fails again stays, with the new reason.
 */
import type { Clock } from '#base/clock.ts'
import { letterReplayed, type ReplayOutcome } from '#events/dead-letters.ts'
import { findEvent, serverEvent } from '#events/registry.ts'
import type { Collector } from '#pipelines/collect.ts'
import { bytesOf, type LetterContext } from '#pipelines/dead-letters.ts'
import type { Passed, Sorted } from '#pipelines/keep-events.ts'
import {
  countLetters,
  type LetterFilter,
  type LetterPlace,
  type LetterRow,
  type LetterState,
  listLetters,
  presentEvents,
  someLetters,
} from '#pipelines/letters-sql.ts'
import { isProblem, type Retaken } from '#pipelines/retake.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type DeadLetter = Omit<LetterRow, 'context' | 'lastOutcome' | 'bodyEncoding' | 'bodyBytes'> & {
  readonly state: LetterState
  /** The stream its event belongs to; null when nobody knows. */
  readonly stream: string | null
  readonly bodyEncoding: 'text' | 'base64'
  readonly bodyBytes: number
  /** Only a part of the body was kept. */
  readonly isCut: boolean
}
export type LetterPage = { readonly letters: readonly DeadLetter[]; readonly hasNextPage: boolean }
export type Replayed = {
  readonly id: string
  readonly outcome: ReplayOutcome
  /** Why it failed again; null when it did not. */
  readonly reason: string | null
  readonly detail: string | null
}
export type Letters = {
  list(
    tenantId: string,
    filter: LetterFilter,
    page: { readonly first: number; readonly after: LetterPlace | null },
  ): Promise<LetterPage>
  count(tenantId: string, filter: LetterFilter): Promise<readonly { reason: string; count: number }[]>
  one(tenantId: string, id: string): Promise<DeadLetter | null>
  /** In the order given; ids that are no letters of the tenant are left out. */
  replay(tenantId: string, ids: readonly string[], by: string): Promise<readonly Replayed[]>
}

const TIMEOUT_MS = 30_000

function toLetter({ context: _context, lastOutcome, ...row }: LetterRow): DeadLetter {
  const bodyEncoding = row.bodyEncoding ?? 'text'
  const kept = bytesOf(row.body, bodyEncoding).length
  const [type = '', version] = row.schema?.split('@') ?? []
  const bodyBytes = row.bodyBytes ?? kept
  return {
    ...row,
    bodyEncoding,
    bodyBytes,
    isCut: bodyBytes > kept,
    stream: findEvent(type, Number(version))?.stream.name ?? null,
    state: lastOutcome === null || lastOutcome === 'failed' ? 'waiting' : lastOutcome,
  }
}

/** Reads only: beside a running platform, too. */
export function createLetterReader(warehouse: Pick<Warehouse, 'query'>): Pick<
  Letters,
  'list' | 'count' | 'one'
> & {
  rows(tenantId: string, ids: readonly string[]): Promise<LetterRow[]>
} {
  const options = { timeoutMs: TIMEOUT_MS }
  const rows = (tenantId: string, ids: readonly string[]): Promise<LetterRow[]> =>
    warehouse.query(someLetters(tenantId, ids), options)
  return {
    rows,
    list: async (tenantId, filter, { first, after }) => {
      const found = await warehouse.query(listLetters(tenantId, filter, { first: first + 1, after }), options)
      return { letters: found.slice(0, first).map(toLetter), hasNextPage: found.length > first }
    },
    count: (tenantId, filter) => warehouse.query(countLetters(tenantId, filter), options),
    one: async (tenantId, id) => {
      const [row] = await rows(tenantId, [id])
      return row === undefined ? null : toLetter(row)
    },
  }
}

export function createLetters(ports: {
  readonly warehouse: Pick<Warehouse, 'query'>
  readonly collector: Pick<Collector, 'retake' | 'say'>
  /** Resolves when everything in the log can be queried. */
  readonly caughtUp: () => Promise<void>
  readonly clock: Clock
  /** Makes event ids. */
  readonly ids: () => string
}): Letters {
  const { warehouse, collector, caughtUp, clock, ids } = ports
  const reader = createLetterReader(warehouse)

  /** The events of a letter without those that are in the warehouse. */
  const withoutPresent = async ({ passed }: Sorted, tenantId: string): Promise<Passed[]> => {
    const fresh: Passed[] = []
    for (const group of passed) {
      const present = await presentOf(group, tenantId)
      const keep = group.own.map(({ eventId }) => !present.has(eventId as string))
      const own = group.own.filter((_, i) => keep[i])
      if (own.length > 0) fresh.push({ ...group, own, prints: group.prints.filter((_, i) => keep[i]) })
    }
    return fresh
  }
  const presentOf = async (
    { stream, shared, own }: Passed,
    tenantId: string,
  ): Promise<ReadonlySet<string>> => {
    const [, column = ''] = stream.orderBy
    const keys = own.map((event) => event[column] ?? shared[column])
    const known = keys.every((key) => typeof key === 'string') ? (keys as string[]) : null
    const wanted = own.map(({ eventId }) => eventId as string)
    const found = await warehouse.query(presentEvents(stream, tenantId, wanted, known), {
      timeoutMs: TIMEOUT_MS,
    })
    return new Set(found.map(({ eventId }) => eventId))
  }

  const keep = async (taken: Retaken, row: LetterRow, tenantId: string): Promise<Omit<Replayed, 'id'>> => {
    const { passed, failed } = taken.sorted
    const [first] = failed
    // A letter of one event stays where it is; of a whole batch, each event that fails gets a letter of its own.
    if (first !== undefined && (passed.length === 0 || row.reason !== 'not-json')) {
      return { outcome: 'failed', ...first.problem }
    }
    const fresh = await withoutPresent(taken.sorted, tenantId)
    const isNew = fresh.length > 0
    const { duplicates, accepted } = isNew
      ? await taken.keep({ passed: fresh, failed })
      : { duplicates: 0, accepted: 0 }
    return { outcome: accepted > duplicates ? 'stored' : 'present', reason: null, detail: null }
  }
  const replayOne = async (row: LetterRow, tenantId: string, by: string): Promise<Replayed> => {
    const { id, reason, sourceFormat, receivedAt } = row
    const letter = toLetter(row)
    // What was taken once is not taken again.
    if (letter.state !== 'waiting') return { id, outcome: 'present', reason: null, detail: null }
    const taken = await collector.retake({
      tenantId,
      receivedAt,
      sourceFormat,
      reason,
      body: bytesOf(row.body, row.bodyEncoding),
      isCut: letter.isCut,
      context: row.context === null ? null : (JSON.parse(row.context) as LetterContext),
    })
    const became = isProblem(taken)
      ? ({ outcome: 'failed', ...taken } as const)
      : await keep(taken, row, tenantId)
    // After the event: a kill in between has the next replay find the event and say so.
    await collector.say([
      serverEvent(letterReplayed, clock.now(), ids(), {
        tenantId,
        letterId: id,
        outcome: became.outcome,
        reason: became.reason,
        detail: became.detail?.slice(0, 1000) ?? null,
        replayedBy: by.slice(0, 80),
      }),
    ])
    return { id, ...became }
  }

  /** One after the other: two at once could both find an event missing. */
  let running: Promise<unknown> = Promise.resolve()
  const replay: Letters['replay'] = async (tenantId, wanted, by) => {
    await caughtUp()
    const rows = new Map((await reader.rows(tenantId, wanted)).map((row) => [row.id, row]))
    const replayed: Replayed[] = []
    for (const id of new Set(wanted)) {
      const row = rows.get(id)
      if (row !== undefined) replayed.push(await replayOne(row, tenantId, by))
    }
    // So that whoever looks next sees what became of them.
    await caughtUp()
    return replayed
  }
  return {
    ...reader,
    replay: (...of) => {
      const result = running.then(() => replay(...of))
      running = result.catch(() => undefined)
      return result
    },
  }
}
