/**
 * How long it takes until an event is in the charts: from the instant the collector took it until the view it belongs to
 * is built and can be queried. Of the last five minutes as quantiles, and how old the oldest event is that waits still, so
 * that a standstill shows. History said in our name (imports, replayed letters) brings instants of its own and is left out;
 * so are views a restart finds unbuilt.
 */
import type { Clock } from '#base/clock.ts'
import { createDelayHistogram } from '#pipelines/delay-histogram.ts'

export type ChartDelay = {
  /** Null when no event came into the charts in the last five minutes. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** That came into the charts in the last five minutes. */
  readonly events: number
  /** 0 when none waits. */
  readonly oldestWaitingMs: number
}
/** The events that wait for one view: when they were received, and how many. */
export type Waits = { readonly receivedAt: number; events: number }[]

/** Of one view; beyond that, events count as received with the last noted: only a standstill gets there. */
const MOST_WAITS = 32
/** The log has an event at the latest so long after it was received. */
const APPENDED_MS = 60_000
/** The sink says where it is five times a second; what it lacks after this waits. */
const BEHIND_MS = 1000
const SECOND_MS = 1000

export type DelayBook = {
  /** An event waits for its view, like those of `waits`. */
  begin(waits: Waits | undefined, receivedAt: number): Waits | undefined
  /** Both wait for the same view: it could not be built. */
  join(waits: Waits | undefined, more: Waits | undefined): Waits | undefined
  /** Their view can be queried now. */
  end(waits: Waits | undefined): void
  read(): ChartDelay
}

/** `sinkCaughtUpTo`: everything received before this instant is in the warehouse. */
export function createDelayBook(ports: {
  readonly clock: Clock
  readonly sinkCaughtUpTo: () => number
}): DelayBook {
  const { clock, sinkCaughtUpTo } = ports
  const openedAt = clock.now()
  const histogram = createDelayHistogram(clock)
  /** By second received: how many wait, and when the first of them came. */
  const waiting = new Map<number, { events: number; readonly receivedAt: number }>()
  const count = (receivedAt: number, events: number): void => {
    const second = Math.floor(receivedAt / SECOND_MS)
    const known = waiting.get(second)
    if (known === undefined) waiting.set(second, { events, receivedAt })
    else if (known.events + events <= 0) waiting.delete(second)
    else known.events += events
  }
  const add = (waits: Waits, receivedAt: number, events: number): Waits => {
    const last = waits.at(-1)
    const fits = last !== undefined && (last.receivedAt === receivedAt || waits.length >= MOST_WAITS)
    if (fits) last.events += events
    else waits.push({ receivedAt, events })
    count(fits ? last.receivedAt : receivedAt, events)
    return waits
  }
  return {
    begin: (waits, receivedAt) =>
      receivedAt < sinkCaughtUpTo() - APPENDED_MS ? waits : add(waits ?? [], receivedAt, 1),
    join: (waits, more) => {
      if (waits === undefined || more === undefined) return waits ?? more
      for (const { receivedAt, events } of more) {
        count(receivedAt, -events)
        add(waits, receivedAt, events)
      }
      return waits
    },
    end: (waits = []) => {
      const now = clock.now()
      for (const { receivedAt, events } of waits) {
        histogram.record(now - receivedAt, events)
        count(receivedAt, -events)
      }
      waits.length = 0
    },
    read: () => {
      const now = clock.now()
      const behindMs = now - Math.max(openedAt, sinkCaughtUpTo())
      let oldestAt = behindMs > BEHIND_MS ? now - behindMs : now
      for (const { receivedAt } of waiting.values()) oldestAt = Math.min(oldestAt, receivedAt)
      return {
        p50Ms: histogram.quantile(0.5),
        p99Ms: histogram.quantile(0.99),
        events: histogram.count(),
        oldestWaitingMs: now - oldestAt,
      }
    },
  }
}
