/** A row of the table of views against the reference's, column by column. */
import type { Heard, Said } from '#metrics/reference/heard.ts'
import type { ReferenceView } from '#metrics/reference/view.ts'

const FLOATS = 1e-9

export const isSame = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]))
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return a === b || Math.abs(a - b) <= FLOATS * Math.max(Math.abs(a), Math.abs(b))
}

/** Instants come as text in UTC. */
const read = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/.test(value)
    ? Date.parse(`${value.replace(' ', 'T')}Z`)
    : value

/** `column: theirs, not ours` for each that differs. Names of the view and marks of the table are not compared. */
export function differences(row: Readonly<Record<string, unknown>>, view: ReferenceView): string[] {
  return Object.entries(view).flatMap(([name, expected]) => {
    const found = read(row[name])
    return isSame(found, expected)
      ? []
      : [`${name}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`]
  })
}

/** Columns the reference says nothing of. */
export const unread = (row: Readonly<Record<string, unknown>>, view: ReferenceView): string[] =>
  Object.keys(row).filter((name) => !(name in view))

const SILENT = {
  viewerKey: null,
  bitrateKbps: null,
  videoHeightPx: null,
  playerHeightPx: null,
  videoWidthPx: null,
  playerWidthPx: null,
  liveLatencyMs: null,
  recommendationId: null,
  experiments: [],
  kids: false,
  own: null,
  staff: null,
  intervalMs: null,
  startupMs: null,
  fatal: null,
  business: null,
  endReason: null,
}

type Stored = { readonly eventId: string; readonly sentAt: number; readonly receivedAt: number }
/** An event as it is stored, as the reference hears it. */
export const heardOf = ({
  eventId,
  sentAt,
  receivedAt,
  ...event
}: Stored & Readonly<Record<string, unknown>>): Heard => ({
  said: { ...SILENT, ...event, id: eventId } as unknown as Said,
  sentAt,
  receivedAt,
  program: event['bot'] === true,
})
