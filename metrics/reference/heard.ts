/**
 * What the reference starts from: what players said, as it was heard. The reference is a second, small and slow reading of
 * docs/metrics.md, written without looking at the SQL; tests hold one against the other.
 */
import { playbackEvents } from '#events/playback.ts'
import { streamColumns } from '#events/registry.ts'

type Text = string | null
type Whole = number | null
/** One event in the player's words. Times in epoch ms; what it did not say is null. */
export type Said = {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly createdAt: number
  readonly seq: number
  readonly viewerKey: Text
  readonly titleId: string
  readonly state: string
  readonly playheadMs: number
  readonly rate: number
  readonly visible: boolean
  readonly deviceKind: string
  readonly playerName: string
  readonly surface: string
  readonly bitrateKbps: Whole
  readonly videoHeightPx: Whole
  readonly playerHeightPx: Whole
  readonly videoWidthPx: Whole
  readonly playerWidthPx: Whole
  readonly liveLatencyMs: Whole
  readonly recommendationId: Text
  readonly experiments: readonly string[]
  readonly kids: boolean
  readonly own: boolean | null
  readonly staff: boolean | null
  readonly intervalMs: Whole
  readonly startupMs: Whole
  readonly fatal: boolean | null
  readonly business: boolean | null
  readonly endReason: Text
  readonly [other: string]: unknown
}
/** An event, its batch's time of sending by the player's clock, and when we had it. */
export type Heard = {
  readonly said: Said
  readonly sentAt: number
  readonly receivedAt: number
  /** It came from a program or a data centre. */
  readonly program: boolean
}
/** An event at its time on our clock. */
export type Placed = Heard & { readonly at: number }

const FIVE_MINUTES = 300_000

/** What tells events of one count and one time from each other, in the order of the contract. */
const WORDS = streamColumns(playbackEvents)
  .map(({ name }) => name)
  .filter(
    (name) => !/^(eventId|tenantId|sid|playerId|sentAt|receivedAt|derivedAt|sourceFormat|bot)$/.test(name),
  )

/** Nothing said comes last. */
function compare(a: unknown, b: unknown): number {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined]
  if (noA || noB) return Number(noA) - Number(noB)
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const way = compare(a[i], b[i])
      if (way !== 0) return way
    }
    return a.length - b.length
  }
  return a === b ? 0 : (a as string) < (b as string) ? -1 : 1
}

const before = (a: Placed, b: Placed): number =>
  a.said.seq - b.said.seq ||
  a.at - b.at ||
  compare(a.said.id, b.said.id) ||
  (WORDS.map((word) => compare(a.said[word], b.said[word])).find((way) => way !== 0) ?? 0)

/** Rule 8: one id that says one thing is one event, heard when it was heard first. */
function eachOnce(heard: readonly Heard[]): Heard[] {
  const first = new Map<string, Heard>()
  for (const one of heard) {
    const key = JSON.stringify([one.said.id, ...WORDS.map((word) => one.said[word] ?? null)])
    const known = first.get(key)
    const isEarlier =
      known === undefined ||
      one.receivedAt < known.receivedAt ||
      (one.receivedAt === known.receivedAt &&
        (one.sentAt < known.sentAt || (one.sentAt === known.sentAt && one.program && !known.program)))
    if (isEarlier) first.set(key, one)
  }
  return [...first.values()]
}

/** Rule 6: the view is moved as a whole, unless its clock was set anew within it. */
function onOurClock(heard: readonly Heard[]): Placed[] {
  const lags = heard.map(({ receivedAt, sentAt }) => receivedAt - sentAt)
  const least = Math.min(...lags)
  const setAnew = Math.max(...lags) - least > FIVE_MINUTES
  return heard.map((one, i) => {
    const wrongBy = setAnew ? (lags[i] as number) : Math.abs(least) > FIVE_MINUTES ? least : 0
    return { ...one, at: one.said.createdAt + wrongBy }
  })
}

/** The events of one view of one player: no previews, each once, on our clock, in the player's order. */
export const inOrder = (heard: readonly Heard[]): Placed[] =>
  onOurClock(eachOnce(heard.filter(({ said }) => said.surface !== 'preview'))).sort(before)
