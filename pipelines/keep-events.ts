/** The last step of the collector: leaves out what was stored a moment ago, appends the rest, answers when durable. */
import { type DeadLetterReason, deadLetterEvents } from '#events/dead-letters.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import type { Counting } from '#pipelines/collector-counts.ts'
import { createDeadLetter, type Problem } from '#pipelines/dead-letters.ts'
import { createRecentEvents, type RecentEvents } from '#pipelines/recent-events.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

/** Events of one stream that passed, in order, and of each a number that tells its payload from another. */
export type Passed = { readonly events: StoredEvent[]; readonly prints: number[] }
export type Sorted = {
  readonly passed: Map<StreamDefinition, Passed>
  readonly failed: { readonly index: number; readonly raw: unknown; readonly problem: Problem }[]
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
type Stamp = {
  readonly tenantId: string
  readonly receivedAt: number
  readonly sourceFormat: StoredEvent['sourceFormat']
}

export type Keeper = { keep(sorted: Sorted, stamp: Stamp): Promise<KeptBatch> }

type Fresh = {
  readonly groups: Map<StreamDefinition, StoredEvent[]>
  readonly ids: string[]
  stored: number
  duplicates: number
  reusedId: number
}

/** The same other payload gets the same id each time it is sent. */
const idOfOtherPayload = (eventId: string, print: number): string =>
  `${eventId.slice(0, 55)}~${(print >>> 0).toString(36)}`

function leaveOutDuplicates({ passed }: Sorted, recent: RecentEvents, tenantId: string): Fresh {
  const fresh: Fresh = { groups: new Map(), ids: [], stored: 0, duplicates: 0, reusedId: 0 }
  for (const [stream, { events, prints }] of passed) {
    const kept: StoredEvent[] = []
    for (let i = 0; i < events.length; i++) {
      let event = events[i] as StoredEvent
      const print = prints[i] as number
      let met = recent.meet(tenantId, event.eventId, print)
      if (met === 'other') {
        event = { ...event, eventId: idOfOtherPayload(event.eventId, print) }
        met = recent.meet(tenantId, event.eventId, print) === 'new' ? 'other' : 'same'
      }
      if (met === 'same') {
        fresh.duplicates++
        continue
      }
      if (met === 'other') fresh.reusedId++
      fresh.ids.push(event.eventId)
      kept.push(event)
    }
    fresh.stored += kept.length
    if (kept.length > 0) fresh.groups.set(stream, kept)
  }
  return fresh
}

export function createKeeper(ports: {
  readonly eventLog: Pick<EventLog, 'append'>
  readonly counting: Counting
  readonly ids: () => string
  readonly recentEvents: number
}): Keeper {
  const { eventLog, counting, ids } = ports
  const recent = createRecentEvents(ports.recentEvents)
  const appending = new Set<Promise<unknown>>()

  const append = async (groups: ReadonlyMap<StreamDefinition, StoredEvent[]>): Promise<void> => {
    const done = Promise.all([...groups].map(([stream, events]) => eventLog.append(stream, events)))
    appending.add(done)
    try {
      await done
    } finally {
      appending.delete(done)
    }
  }

  return {
    keep: async (sorted, stamp) => {
      const { failed } = sorted
      const fresh = leaveOutDuplicates(sorted, recent, stamp.tenantId)
      const { groups, stored, duplicates, reusedId } = fresh
      if (failed.length > 0) {
        const letters = failed.map(({ raw, problem }) =>
          createDeadLetter(problem, raw, { ...stamp, eventId: ids() }),
        )
        groups.set(deadLetterEvents, [...(groups.get(deadLetterEvents) ?? []), ...letters])
      }
      // What a duplicate repeats may still be on its way to the log: its fate is the answer to the duplicate too.
      const before = duplicates > 0 ? [...appending] : []
      try {
        await Promise.all([append(groups), ...before])
      } catch (error) {
        recent.forget(stamp.tenantId, fresh.ids)
        throw error
      }
      const accepted = stored + duplicates + failed.length
      const counts = counting.of(stamp.tenantId)
      counts.accepted += accepted
      counts.stored += stored
      counts.duplicate += duplicates
      counts.reusedId += reusedId
      for (const { problem } of failed) counts.deadLettered[problem.reason]++
      return {
        accepted,
        duplicates,
        deadLettered: failed.map(({ index, problem }) => ({ index, ...problem })),
      }
    },
  }
}
