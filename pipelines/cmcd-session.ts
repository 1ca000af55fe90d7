/**
 * Where a view stands that a CMCD player reports, and what each next report, heard in order, says in our words.
 *
 * What stock players leave out is worked out here. The playhead: time spent playing times the rate. The start: players
 * that announce it (`d`, `s`) are believed when they say `p`; shaka-player says `p` as soon as it has data, even when
 * nobody pressed play, but its start delay (`msd`) comes with the first report after real playing.
 */
import type { PlayerState } from '#events/playback.ts'

/** One report as it is stored, its time corrected. Unknown is null. */
export type HeardReport = {
  readonly ts: number
  readonly kind: string
  readonly state: string | null
  readonly rate: number
  readonly playheadMs: number | null
  readonly startDelayMs: number | null
  readonly bitrateKbps: number | null
}
type StepType =
  | 'view.requested'
  | 'view.started'
  | 'state.changed'
  | 'heartbeat.sent'
  | 'rendition.changed'
  | 'seek.started'
  | 'seek.ended'
  | 'error.raised'
  | 'view.ended'
export type Saying = { readonly type: StepType; readonly at: number; readonly state: PlayerState }

const MAX_STARTUP_MS = 3_600_000
/** A player that never says its start delay is believed after this many reports of playing. */
const REPORTS_TO_BELIEVE = 3

export type CmcdSession = {
  readonly firstTs: number
  readonly intervalMs: number
  lastTs: number
  /** What the player said last; null before it said anything. */
  said: string | null
  state: PlayerState
  rate: number
  playheadMs: number
  bitrateKbps: number | null
  announced: boolean
  preloaded: boolean
  intentAt: number | null
  requested: boolean
  started: boolean
  failed: boolean
  playingReports: number
}

export const createCmcdSession = (firstTs: number, intervalMs: number): CmcdSession => ({
  firstTs,
  intervalMs,
  lastTs: firstTs,
  said: null,
  state: 'joining',
  rate: 1,
  playheadMs: 0,
  bitrateKbps: null,
  announced: false,
  preloaded: false,
  intentAt: null,
  requested: false,
  started: false,
  failed: false,
  playingReports: 0,
})

const STATES: Readonly<Record<string, PlayerState>> = {
  p: 'playing',
  k: 'seeking',
  a: 'paused',
  e: 'ended',
  f: 'failed',
  q: 'quit',
}

/** `r` and `w` mean waiting for data: while joining and seeking that is part of joining and seeking. */
function stateSaid(session: CmcdSession, said: string): PlayerState {
  if (said === 'r' || said === 'w') {
    return session.state === 'seeking' || session.state === 'paused' ? session.state : 'rebuffering'
  }
  return STATES[said] ?? session.state
}

/** Moves the clock of the view to the report: playing moves the playhead, as far as silence is believed. */
function moveOn(session: CmcdSession, report: HeardReport): void {
  const elapsed = Math.min(report.ts - session.lastTs, 2 * session.intervalMs)
  if (session.state === 'playing') session.playheadMs += Math.round(elapsed * session.rate)
  if (report.playheadMs !== null) session.playheadMs = report.playheadMs
  session.lastTs = report.ts
  session.rate = report.rate
}

function isBelieved(session: CmcdSession, { startDelayMs, playheadMs }: HeardReport): boolean {
  return (
    session.announced ||
    startDelayMs !== null ||
    (playheadMs ?? 0) > 0 ||
    session.playingReports >= REPORTS_TO_BELIEVE
  )
}

/** What is said of the view before its first frame. */
function join(session: CmcdSession, report: HeardReport): readonly Saying[] {
  const said = report.state ?? session.said
  if (said === 'd') session.preloaded = true
  if (said === 'd' || said === 's') session.announced = true
  const changed = said !== session.said
  session.said = said
  // dash.js says `s` when it is made and `r` when play was pressed; hls.js says `d` first and `s` when play was pressed.
  const pressed = said === 's' ? session.preloaded : said === 'r' || said === 'w'
  if (changed && pressed) session.intentAt = report.ts
  const sayings: Saying[] = []
  const request = (at: number): void => {
    if (!session.requested) sayings.push({ type: 'view.requested', at, state: 'joining' })
    session.requested = true
  }
  if (changed && pressed && said === 's') request(report.ts)
  if (said === 'f' || report.kind === 'e') {
    request(session.intentAt ?? report.ts)
    sayings.push(fail(session, report))
  } else if (said === 'p' || (said === null && report.startDelayMs !== null)) {
    session.playingReports++
    if (isBelieved(session, report)) {
      const at = firstFrameAt(session, report, changed)
      // A start delay is no startup time: players count it from loading, even when play was pressed much later.
      const intentAt = session.announced ? session.intentAt : null
      if (intentAt !== null && at - intentAt <= MAX_STARTUP_MS) request(Math.min(intentAt, at))
      sayings.push({ type: 'view.started', at, state: 'playing' })
      session.started = true
      session.state = 'playing'
      session.said = 'p'
      session.playheadMs = report.playheadMs ?? Math.round((report.ts - at) * session.rate)
      if (at < report.ts) sayings.push({ type: 'heartbeat.sent', at: report.ts, state: 'playing' })
    }
  } else if (said === 'q' && session.requested) {
    sayings.push({ type: 'view.ended', at: report.ts, state: 'quit' })
  }
  return sayings
}

/** Where the start delay is what makes us believe, it also says when the first frame was shown. */
function firstFrameAt(session: CmcdSession, report: HeardReport, changed: boolean): number {
  if (session.announced || report.startDelayMs === null || changed) return report.ts
  return Math.min(report.ts, session.firstTs + report.startDelayMs)
}

function fail(session: CmcdSession, report: HeardReport): Saying {
  if ((report.state ?? session.said) === 'f') {
    session.state = 'failed'
    session.failed = true
  }
  return { type: 'error.raised', at: report.ts, state: session.state }
}

/** What a change of state says. */
function change(session: CmcdSession, report: HeardReport, next: PlayerState): Saying {
  const before = session.state
  session.state = next
  const at = report.ts
  if (next === 'failed') return fail(session, report)
  if (next === 'seeking') return { type: 'seek.started', at, state: next }
  if (next === 'ended' || next === 'quit') return { type: 'view.ended', at, state: next }
  return { type: before === 'seeking' ? 'seek.ended' : 'state.changed', at, state: next }
}

/** Counts the report in; the answer holds what it says in our words, in order. */
export function hear(session: CmcdSession, report: HeardReport): readonly Saying[] {
  moveOn(session, report)
  const bitrateChanged = report.bitrateKbps !== null && report.bitrateKbps !== session.bitrateKbps
  session.bitrateKbps = report.bitrateKbps ?? session.bitrateKbps
  if (!session.started) return join(session, report)
  session.said = report.state ?? session.said
  const next = report.state === null ? session.state : stateSaid(session, report.state)
  if (next !== session.state) return [change(session, report, next)]
  const saying = (type: StepType): readonly Saying[] => [{ type, at: report.ts, state: next }]
  if (report.kind === 't') return saying('heartbeat.sent')
  if (report.kind === 'e' && !session.failed) return [fail(session, report)]
  if (report.kind === 'bc' && bitrateChanged) return saying('rendition.changed')
  return report.kind === 'pr' ? saying('state.changed') : []
}
