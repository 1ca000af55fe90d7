/**
 * What a start remembers: the ids of the events stored last, read from the end of the log, so that a batch whose answer
 * was lost in a kill is counted as duplicates when it is sent again.
 */
import type { StreamDefinition } from '#events/define.ts'
import { eventsOf, streams } from '#events/registry.ts'
import type { Collector } from '#pipelines/collect.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { decodeColumns } from '#storage/warehouse/native.ts'

/** Events of each partition that are looked at: what may have been on its way to the log at once, and more. */
const TAIL_EVENTS = 32_768
const EVENTS_AT_ONCE = 4096

/** Streams that others than our own parts may add to. */
const fromOutside = (stream: StreamDefinition): boolean =>
  eventsOf(stream).some((event) => event.by !== 'server')

export async function recallEvents(
  eventLog: Pick<EventLog, 'ends' | 'read'>,
  collector: Pick<Collector, 'recall'>,
): Promise<void> {
  await Promise.all(streams.filter(fromOutside).map((stream) => recallStream(stream, eventLog, collector)))
}

/** Its partitions in turns, so that what was stored last is recalled last, and forgotten last. */
async function recallStream(
  stream: StreamDefinition,
  eventLog: Pick<EventLog, 'ends' | 'read'>,
  collector: Pick<Collector, 'recall'>,
): Promise<void> {
  let unread = (await eventLog.ends(stream)).map((end, partition) => ({
    partition,
    end,
    at: Math.max(0, end - TAIL_EVENTS),
  }))
  while (unread.length > 0) {
    for (const place of unread) {
      const batch = await eventLog.read(stream, place.partition, place.at, EVENTS_AT_ONCE)
      if (batch !== null) for (const block of batch.native()) recallBlock(block, collector)
      place.at = batch === null ? place.end : batch.lastOffset + 1
    }
    unread = unread.filter(({ at, end }) => at < end)
  }
}

function recallBlock(block: Uint8Array, collector: Pick<Collector, 'recall'>): void {
  const { eventId = [], tenantId = [] } = decodeColumns(block, ['eventId', 'tenantId'])
  const byTenant = new Map<string, string[]>()
  for (let i = 0; i < eventId.length; i++) {
    const tenant = tenantId[i] as string
    const ids = byTenant.get(tenant)
    if (ids === undefined) byTenant.set(tenant, [eventId[i] as string])
    else ids.push(eventId[i] as string)
  }
  for (const [tenant, ids] of byTenant) collector.recall(tenant, ids)
}
