/** What a victim finds out about itself: what is in its log and in its warehouse, against what was acknowledged. */
import type { StreamDefinition } from '#events/define.ts'
import type { Collector } from '#pipelines/collect.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { decodeColumns } from '#storage/warehouse/native.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'
import type { Findings } from '#tests/torture/orders.ts'

export type Parts = {
  readonly eventLog: EventLog
  readonly warehouse: Warehouse
  readonly collector: Collector
  /** Streams whose every event is checked. */
  readonly streams: readonly StreamDefinition[]
  readonly titles: StreamDefinition
}
type Acknowledged = { readonly ids: readonly string[]; readonly titles: Readonly<Record<string, number>> }

export async function findOut(parts: Parts, acknowledged: Acknowledged): Promise<Findings> {
  const { eventLog, warehouse, collector, streams } = parts
  const inLog = new Set<string>()
  const inWarehouse = new Set<string>()
  const twice: string[] = []
  let events = 0
  let rows = 0
  for (const stream of streams) {
    for (const id of await idsInLog(eventLog, stream)) {
      events++
      if (inLog.has(id)) twice.push(id)
      inLog.add(id)
    }
    const { columns } = await warehouse.columns({ sql: sql`SELECT eventId FROM ${stream.table}` })
    for (const id of Array.from(columns['eventId'] ?? [])) {
      rows++
      inWarehouse.add(id as string)
    }
  }
  const lost = acknowledged.ids.filter((id) => !inLog.has(id))
  const tenants = Object.values(collector.snapshot().tenants)
  return {
    inLog: events,
    rssMb: Math.round(process.memoryUsage.rss() / 1048576),
    lostInLog: lost.length,
    lostInWarehouse: acknowledged.ids.filter((id) => !inWarehouse.has(id)).length,
    doubledInLog: events - inLog.size,
    doubledInWarehouse: rows - inWarehouse.size,
    rowsApart: Math.abs(rows - events),
    titlesLost: await titlesLost(parts, acknowledged.titles),
    unbalanced: tenants.filter(({ accepted, stored, duplicate, deadLettered }) => {
      const setAside = Object.values(deadLettered).reduce((sum, count) => sum + count, 0)
      return accepted !== stored + duplicate + setAside
    }).length,
    examples: [...lost.slice(0, 5), ...twice.slice(0, 5)],
  }
}

async function idsInLog(eventLog: EventLog, stream: StreamDefinition): Promise<string[]> {
  const ids: string[] = []
  for (let partition = 0; partition < stream.partitions; partition++) {
    for (let at = 0; ; ) {
      const batch = await eventLog.read(stream, partition, at, 20_000)
      if (batch === null) break
      for (const block of batch.native()) {
        for (const id of Array.from(decodeColumns(block, ['eventId'])['eventId'] ?? []))
          ids.push(id as string)
      }
      at = batch.lastOffset + 1
    }
  }
  return ids
}

/** Of each title the log keeps the newest snapshot, which is as new as the last that was acknowledged. */
async function titlesLost(
  { eventLog, titles: stream }: Parts,
  acknowledged: Readonly<Record<string, number>>,
): Promise<number> {
  const newest = new Map<string, number>()
  for (let at = 0; ; ) {
    const batch = await eventLog.read(stream, 0, at, 20_000)
    if (batch === null) break
    for (const event of batch.events()) newest.set(event['titleId'] as string, Number(event['name']))
    at = batch.lastOffset + 1
  }
  return Object.entries(acknowledged).filter(([title, revision]) => !((newest.get(title) ?? -1) >= revision))
    .length
}
