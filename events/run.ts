/**
 * Events that arrived together. What they share is said once and never copied: an event is `shared` with its own fields
 * over it. Neighbours of a player's batch share most of what they say, so checking, writing and splitting a run costs
 * by what its events say themselves.
 */
import type { StoredEvent } from '#events/define.ts'

export type Fields = { readonly [field: string]: unknown }

export type EventRun = {
  readonly shared: Fields
  /** Of each event what it says itself; an undefined field is the shared one. */
  readonly own: readonly Fields[]
  /** Every field that any of `own` has; null when it may be any. */
  readonly said: ReadonlySet<string> | null
}

/** Events that are columns already: what they say themselves by field, what they share beside it. */
export type ColumnRun = {
  readonly shared: Fields
  readonly count: number
  readonly said: SaidColumns
}
export type SaidColumns = ReadonlyMap<string, ColumnValues>
/**
 * One field of each event, in order. `states`: 1 where the event says a value, 2 where it says null, 0 where it says
 * nothing and the shared value holds.
 */
export type ColumnValues =
  | { readonly kind: 'numbers'; readonly states: Uint8Array; readonly values: Float64Array }
  | {
      readonly kind: 'words'
      readonly states: Uint8Array
      /** Numbers of words: the same text has the same number. */
      readonly values: Float64Array
      readonly textOf: (word: number) => string
    }
  /** Text that every event says: each as its length in one byte, then ASCII. */
  | { readonly kind: 'ids'; readonly bytes: Uint8Array }

const NOTHING: Fields = Object.freeze({})

/** Whole events as a run. */
export const runOf = (events: readonly Fields[]): EventRun => ({
  shared: NOTHING,
  own: events,
  said: null,
})

/** The whole events of a run. */
export function eventsOf({ shared, own }: EventRun): StoredEvent[] {
  if (shared === NOTHING) return own as readonly StoredEvent[] as StoredEvent[]
  return own.map((fields) => {
    const event: { [field: string]: unknown } = { ...shared }
    for (const name in fields) if (fields[name] !== undefined) event[name] = fields[name]
    return event as StoredEvent
  })
}

/** The same run with some of its events. */
export const withOwn = (run: EventRun, own: readonly Fields[]): EventRun => ({ ...run, own })
