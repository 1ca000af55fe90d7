/** The last step of the collector: leaves out what was stored a moment ago, appends the rest, answers when durable. */
import type { DeadLetterReason } from '#events/dead-letters.ts'
import { letterSetAside } from '#events/dead-letters.ts'
import type { EventDefinition, StoredEvent, StreamDefinition } from '#events/define.ts'
import type { Counting } from '#pipelines/collector-counts.ts'
import { createDeadLetter, type Problem } from '#pipelines/dead-letters.ts'
import { createRecentEvents, idOfOtherPayload } from '#pipelines/recent-events.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

type Passed = { readonly event: StoredEvent; readonly definition: EventDefinition }
export type Sorted = {
  readonly passed: Passed[]
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

export type Keeper = {
  keep(sorted: Sorted, stamp: Stamp): Promise<KeptBatch>
  append(events: readonly Passed[]): Promise<void>
}

export function createKeeper(ports: {
  readonly eventLog: Pick<EventLog, 'append'>
  readonly counting: Counting
  readonly ids: () => string
  readonly recentEvents: number
}): Keeper {
  const { eventLog, counting, ids } = ports
  const recent = createRecentEvents(ports.recentEvents)

  const append = async (passed: readonly Passed[]): Promise<void> => {
    const groups = new Map<StreamDefinition, StoredEvent[]>()
    for (const { event, definition } of passed) {
      const group = groups.get(definition.stream)
      if (group === undefined) groups.set(definition.stream, [event])
      else group.push(event)
    }
    await Promise.all([...groups].map(([stream, events]) => eventLog.append(stream, events)))
  }

  /** Only what is durable is remembered, so a duplicate is never answered for an event that may be lost. */
  const leaveOutDuplicates = (passed: readonly Passed[]) => {
    const fresh: Passed[] = []
    const inBatch = createRecentEvents(Number.POSITIVE_INFINITY)
    let reusedId = 0
    for (const one of passed) {
      const seen = recent.compare(one.event)
      const met = seen === 'new' ? inBatch.compare(one.event) : seen
      if (met === 'same') continue
      if (met === 'other') {
        const event = { ...one.event, eventId: idOfOtherPayload(one.event) }
        if (recent.compare(event) !== 'new' || inBatch.compare(event) !== 'new') continue
        reusedId++
        fresh.push({ ...one, event })
        inBatch.remember([event])
      } else {
        fresh.push(one)
        inBatch.remember([one.event])
      }
    }
    return { fresh, reusedId, duplicates: passed.length - fresh.length }
  }

  return {
    append,
    keep: async ({ passed, failed }, stamp) => {
      const { fresh, reusedId, duplicates } = leaveOutDuplicates(passed)
      const letters = failed.map(({ raw, problem }) => ({
        event: createDeadLetter(problem, raw, { ...stamp, eventId: ids() }),
        definition: letterSetAside as unknown as EventDefinition,
      }))
      await append(letters.length === 0 ? fresh : [...fresh, ...letters])
      recent.remember(fresh.map(({ event }) => event))
      const counts = counting.of(stamp.tenantId)
      counts.accepted += passed.length + failed.length
      counts.stored += fresh.length
      counts.duplicate += duplicates
      counts.reusedId += reusedId
      for (const { problem } of failed) counts.deadLettered[problem.reason]++
      return {
        accepted: passed.length + failed.length,
        duplicates,
        deadLettered: failed.map(({ index, problem }) => ({ index, ...problem })),
      }
    },
  }
}
