/**
 * Folds events into the online features within a second of their arrival. Promises: what the log holds is folded at
 * least once, and folding twice or in another order changes nothing.
 */
import type { Log } from '#base/log.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import type { Feature } from '#features/define.ts'
import { features as allFeatures } from '#features/registry.ts'
import type { Consumer, EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import type { Json, OnlineStore, Row, RowKey } from '#storage/online-store/online-store.ts'

export type FeatureSinkPorts = {
  readonly eventLog: Pick<EventLog, 'consume'>
  readonly online: OnlineStore
  /** Length of a title in ms; null while nobody knows it. */
  readonly durationOf: (tenantId: string, titleId: string) => Promise<number | null> | number | null
  /** Hears of rows after they are readable. */
  readonly onWritten?: (rows: readonly RowKey[]) => void
  readonly log: Log
}
export type FeatureSink = {
  /** Folds events that are in no log: what follows from the reports of other people's players. */
  fold(stream: StreamDefinition, events: readonly StoredEvent[]): Promise<void>
  /** Resolves when everything appended before the call is readable. */
  caughtUp(): Promise<void>
  /** Events not folded yet. */
  lag(): Promise<number>
  close(): Promise<void>
}

const GROUP = 'feature-sink'
const MAX_EVENTS = 2000

type Touched = { readonly key: RowKey; readonly feature: Feature<unknown>; readonly events: StoredEvent[] }

function touchedBy(
  events: readonly StoredEvent[],
  stream: StreamDefinition,
  features: readonly Feature<unknown>[],
) {
  const touched = new Map<string, Touched>()
  for (const feature of features) {
    if (!feature.streams.includes(stream)) continue
    for (const event of events) {
      const about = feature.keyOf(event)
      if (about === null) continue
      const key = { space: feature.space, tenantId: event.tenantId, ...about }
      const name = JSON.stringify([key.space, key.tenantId, key.entity, key.item])
      const known = touched.get(name)
      if (known === undefined) touched.set(name, { key, feature, events: [event] })
      else known.events.push(event)
    }
  }
  return [...touched.values()]
}

export function openFeatureSink(ports: FeatureSinkPorts): FeatureSink {
  const { eventLog, online, durationOf, onWritten, log } = ports

  const foldRow = async ({ key, feature, events }: Touched, held: Row | null): Promise<Row | null> => {
    const durationMs = await durationOf(key.tenantId, key.item)
    const before = held?.value ?? null
    const after = events.reduce<unknown>((state, event) => feature.fold(state, event, { durationMs }), before)
    if (after === before) return null
    // A late event may add to a row without being its newest: the write must still win.
    const at = Math.max(feature.atOf(after), (held?.at ?? -1) + 1)
    return { ...key, value: after as Json, at }
  }

  const fold = async (stream: StreamDefinition, events: readonly StoredEvent[]): Promise<void> => {
    const touched = touchedBy(events, stream, allFeatures)
    if (touched.length === 0) return
    const held = await online.getMany(touched.map(({ key }) => key))
    const rows = await Promise.all(touched.map((one, i) => foldRow(one, held[i] ?? null)))
    const changed = rows.filter((row) => row !== null)
    await online.put(changed)
    onWritten?.(changed)
  }

  // Two partitions may touch one row: read, fold and write go one after the other.
  let last: Promise<void> = Promise.resolve()
  const inTurn = (stream: StreamDefinition, events: () => readonly StoredEvent[]): Promise<void> => {
    const turn = last.then(() => fold(stream, events()))
    last = turn.catch(() => {})
    return turn
  }

  const streams = [...new Set(allFeatures.flatMap((feature) => feature.streams))]
  const consumers: readonly Consumer[] = streams.map((stream) =>
    eventLog.consume(
      { group: GROUP, stream, from: 'start', maxEvents: MAX_EVENTS },
      (batch: LogBatch) => inTurn(stream, () => batch.events()),
      (error) => log.error({ err: error, stream: stream.name }, 'features are behind'),
    ),
  )
  return {
    fold: (stream, events) => inTurn(stream, () => events),
    caughtUp: async () => {
      await Promise.all(consumers.map((consumer) => consumer.caughtUp()))
    },
    lag: async () => {
      const lags = await Promise.all(consumers.map((consumer) => consumer.lag()))
      return lags.reduce((sum, one) => sum + one, 0)
    },
    close: async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()))
    },
  }
}
