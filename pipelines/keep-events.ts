/** The last step of the collector: leaves out what was stored a moment ago, appends the rest, answers when durable. */
import { type DeadLetterReason, deadLetterEvents } from '#events/dead-letters.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { type ColumnRun, type EventRun, type Fields, runOf } from '#events/run.ts'
import type { Counting } from '#pipelines/collector-counts.ts'
import { createDeadLetter, type Failed } from '#pipelines/dead-letters.ts'
import type { EventForm } from '#pipelines/event-shape.ts'
import type { Added } from '#pipelines/ledger-book.ts'
import { createRecentEvents, MET, type RecentEvents } from '#pipelines/recent-events.ts'
import { PartlyStored } from '#storage/event-log/errors.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { allStored } from '#storage/event-log/settle.ts'

/** Events that passed and share what their batch and grant say of them, in order. */
export type Passed = {
  readonly stream: StreamDefinition
  readonly shared: Fields
  readonly own: StoredFields[]
  /** Of each a number that tells its payload from another. */
  readonly prints: number[]
  readonly forms: Set<EventForm>
  /** What types among them have from the batch besides. */
  readonly extras: Set<Fields>
}
type StoredFields = Fields & { readonly eventId?: string }
export type Sorted = {
  readonly passed: Passed[]
  readonly failed: Failed[]
}
export type KeptBatch = {
  /** Events taken over: stored, duplicate or set aside. */
  readonly accepted: number
  readonly duplicates: number
  readonly deadLettered: readonly {
    readonly index: number
    readonly reason: DeadLetterReason
    readonly detail: string
  }[]
}
export type Stamp = {
  readonly tenantId: string
  readonly receivedAt: number
  readonly sourceFormat: StoredEvent['sourceFormat']
}

export type Keeper = {
  /** `settled` is called once, before the answer is there. */
  keep(sorted: Sorted, stamp: Stamp, settled: () => void): Promise<KeptBatch>
  /** Events that all passed, as columns. Null, and nothing is kept, when one of them was met a moment ago. */
  keepColumns(
    passed: PassedColumns,
    stamp: Pick<Stamp, 'tenantId' | 'receivedAt'>,
    settled: () => void,
  ): Promise<KeptBatch> | null
  /** These were stored before this start. */
  recall(tenantId: string, eventIds: readonly string[]): void
  /** Events of our own parts, of one stream: appended as they are, and counted. */
  say(stream: StreamDefinition, events: readonly StoredEvent[]): Promise<void>
}
/** `hashes` and `prints` tell events from others: see RecentEvents. */
export type PassedColumns = {
  readonly stream: StreamDefinition
  readonly run: ColumnRun
  readonly hashes: Int32Array
  readonly prints: Int32Array
}

type Appended = { readonly stream: StreamDefinition; readonly run: EventRun }
type Fresh = {
  readonly runs: Appended[]
  ids: readonly string[]
  stored: number
  duplicates: number
  reusedId: number
}

/** The same other payload gets the same id each time it is sent. */
const idOfOtherPayload = (eventId: string, print: number): string =>
  `${eventId.slice(0, 55)}~${(print >>> 0).toString(36)}`

/** What forms say together, by their numbers: batches come with the same few again and again. */
const saidTogether = new Map<string, ReadonlySet<string>>()
const MAX_TOGETHER = 1000

/** The fields that any event of these forms says. */
function saidBy({ forms, extras }: Passed): ReadonlySet<string> {
  const [first] = forms
  if (forms.size === 1 && extras.size === 0 && first !== undefined) return first.said
  let key = ''
  for (const { number } of forms) key += `${number} `
  const known = extras.size === 0 ? saidTogether.get(key) : undefined
  if (known !== undefined) return known
  const said = new Set<string>()
  for (const form of forms) for (const name of form.said) said.add(name)
  for (const more of extras) for (const name in more) said.add(name)
  if (saidTogether.size >= MAX_TOGETHER) saidTogether.clear()
  if (extras.size === 0) saidTogether.set(key, said)
  return said
}

function leaveOutDuplicates({ passed }: Sorted, recent: RecentEvents, tenantId: string): Fresh {
  const fresh: Fresh = { runs: [], ids: [], stored: 0, duplicates: 0, reusedId: 0 }
  for (const group of passed) {
    const { stream, shared } = group
    const { ids, own } = freshOf(group, recent, tenantId, fresh)
    fresh.ids = fresh.ids.length === 0 ? ids : [...fresh.ids, ...ids]
    fresh.stored += own.length
    if (own.length > 0) fresh.runs.push({ stream, run: { shared, own, said: saidBy(group) } })
  }
  return fresh
}

/** The events not met before, and their ids; counts the others. */
function freshOf(group: Passed, recent: RecentEvents, tenantId: string, counts: Fresh) {
  const { prints } = group
  const eventIds = group.own.map((event) => event.eventId as string)
  const met = recent.meet(tenantId, eventIds, prints)
  let known = 0
  for (let i = 0; i < eventIds.length; i++) if (met[i] !== MET.new) known++
  if (known === 0) return { ids: eventIds, own: group.own }
  const ids: string[] = []
  const own: StoredFields[] = []
  const others: number[] = []
  for (const [i, eventId] of eventIds.entries()) {
    if (met[i] === MET.same) counts.duplicates++
    else if (met[i] === MET.other) others.push(i)
    else {
      ids.push(eventId)
      own.push(group.own[i] as StoredFields)
    }
  }
  for (const i of others) {
    const print = prints[i] as number
    const eventId = idOfOtherPayload(eventIds[i] as string, print)
    if (recent.meet(tenantId, [eventId], [print])[0] !== MET.new) {
      counts.duplicates++
      continue
    }
    counts.reusedId++
    ids.push(eventId)
    own.push({ ...group.own[i], eventId })
  }
  return { ids, own }
}

/** Events that a failed append left out: those it took must not be stored again when the batch is sent again. */
function notStored(ids: readonly string[], error: unknown): readonly string[] {
  if (!(error instanceof PartlyStored)) return ids
  const stored = new Set(error.stored.flatMap(({ own }) => own.map((event) => event['eventId'])))
  return ids.filter((id) => !stored.has(id))
}

export function createKeeper(ports: {
  readonly eventLog: Pick<EventLog, 'append' | 'appendColumns'>
  readonly counting: Counting
  readonly ids: () => string
  readonly recentEvents: number
}): Keeper {
  const { eventLog, counting, ids } = ports
  const recent = createRecentEvents(ports.recentEvents)
  /** By number: a promise would have to be hashed. */
  const appending = new Map<number, Promise<unknown>>()
  let appends = 0

  const append = (runs: readonly Appended[]): Promise<unknown> => {
    const [only] = runs
    if (runs.length === 1 && only !== undefined) return eventLog.append(only.stream, only.run)
    return allStored(
      runs.map(({ run }) => run),
      runs.map(({ stream, run }) => eventLog.append(stream, run)),
    )
  }

  /** Remembered while it is on its way, for duplicates of what it holds. */
  const follow = async (appended: Promise<unknown>): Promise<void> => {
    const number = appends++
    appending.set(number, appended)
    try {
      await appended
    } finally {
      appending.delete(number)
    }
  }

  return {
    say: async (stream, events) => {
      const left = events.map(({ receivedAt }) => counting.book.enter(receivedAt))
      let added: Added = { unsure: 1 }
      try {
        await eventLog.append(stream, runOf(events))
        added = { stored: 1 }
      } finally {
        for (const { tenantId, receivedAt } of events) counting.add(tenantId, receivedAt, added)
        for (const leave of left) leave()
      }
    },
    keepColumns: ({ stream, run, hashes, prints }, { tenantId, receivedAt }, settled) => {
      if (eventLog.appendColumns === undefined || !recent.meetNew(hashes, prints)) return null
      const { count } = run
      const left = counting.book.enter(receivedAt)
      // The scanner's memory is used again while the log writes.
      const own = hashes.slice()
      return follow(eventLog.appendColumns(stream, run)).then(
        () => {
          settled()
          counting.add(tenantId, receivedAt, { stored: count })
          left()
          return { accepted: count, duplicates: 0, deadLettered: [] }
        },
        (error: unknown) => {
          settled()
          recent.forgetNew(own)
          counting.add(tenantId, receivedAt, { unsure: count })
          left()
          throw error
        },
      )
    },
    recall: recent.recall,
    keep: (sorted, stamp, settled) => {
      const { failed } = sorted
      const { tenantId } = stamp
      const { runs, ids: stayed, stored, duplicates, reusedId } = leaveOutDuplicates(sorted, recent, tenantId)
      if (failed.length > 0) {
        const letters = failed.map((one) => createDeadLetter(one, { ...stamp, eventId: ids() }))
        runs.push({ stream: deadLetterEvents, run: runOf(letters) })
      }
      const accepted = stored + duplicates + failed.length
      const left = counting.book.enter(stamp.receivedAt)
      const deadLettered = failed.map(({ index, problem }) => ({ index, ...problem }))
      // What a duplicate repeats may still be on its way to the log: its fate is the answer to the duplicate too.
      const before = duplicates > 0 ? [...appending.values()] : []
      const appended = follow(append(runs))
      // From here on ids are held and no events: there are many of them while the log writes.
      let isStored = false
      const both = (): Promise<unknown> => {
        isStored = true
        return Promise.all(before)
      }
      return (before.length === 0 ? appended : appended.then(both)).then(
        () => {
          settled()
          counting.add(tenantId, stamp.receivedAt, { stored, duplicate: duplicates, reusedId, deadLettered })
          left()
          return { accepted, duplicates, deadLettered }
        },
        (error: unknown) => {
          settled()
          if (!isStored) recent.forget(tenantId, notStored(stayed, error))
          counting.add(tenantId, stamp.receivedAt, { unsure: stored + failed.length })
          left()
          throw error
        },
      )
    },
  }
}
