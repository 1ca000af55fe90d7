/**
 * One view as a CMCD player reports it: from its reports, in order of their time, to playback events of ours.
 *
 * What stock players leave out is worked out here. The playhead: time spent playing times the rate. The start: players
 * that announce it (`d`, `s`) are believed when they say `p`; shaka-player says `p` as soon as it has data, even when
 * nobody pressed play, but its start delay (`msd`) comes with the first report after real playing.
 */
import type { PlayerState } from '#events/playback.ts'
import type { CmcdReport } from '#pipelines/cmcd-report.ts'

export type CmcdFacts = Readonly<Record<string, unknown>>
type Saying = { readonly type: string; readonly at: number; readonly state: PlayerState } & CmcdFacts

const DEFAULT_INTERVAL_MS = 30_000
const MAX_STARTUP_MS = 3_600_000
/** A player that never says its start delay is believed after this many reports of playing. */
const REPORTS_TO_BELIEVE = 3

export type CmcdSession = {
  firstTs: number
  lastTs: number
  /** What the player said last; null before it said anything. */
  said: string | null
  state: PlayerState
  rate: number
  playheadMs: number
  bitrateKbps: number | null
  visible: boolean
  announced: boolean
  preloaded: boolean
  intentAt: number | null
  requested: boolean
  started: boolean
  failed: boolean
  playingReports: number
  lastTimerTs: number | null
  intervalMs: number
  seq: number
}

export const createCmcdSession = (ts: number): CmcdSession => ({
  firstTs: ts,
  lastTs: ts,
  said: null,
  state: 'joining',
  rate: 1,
  playheadMs: 0,
  bitrateKbps: null,
  visible: true,
  announced: false,
  preloaded: false,
  intentAt: null,
  requested: false,
  started: false,
  failed: false,
  playingReports: 0,
  lastTimerTs: null,
  intervalMs: DEFAULT_INTERVAL_MS,
  seq: 0,
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

/** Moves the clock of the view to the report: playing moves the playhead. */
function moveOn(session: CmcdSession, report: CmcdReport): void {
  const elapsed = Math.max(0, report.ts - session.lastTs)
  if (session.state === 'playing') session.playheadMs += Math.round(elapsed * session.rate)
  if (report.playheadMs !== null) session.playheadMs = report.playheadMs
  session.lastTs = Math.max(session.lastTs, report.ts)
  session.rate = report.rate
  session.visible = report.visible
  if (report.event !== 't') return
  if (session.lastTimerTs !== null && report.ts > session.lastTimerTs) {
    session.intervalMs = Math.min(120_000, Math.max(250, report.ts - session.lastTimerTs))
  }
  session.lastTimerTs = report.ts
}

function isBelieved(session: CmcdSession, { startDelayMs, playheadMs }: CmcdReport): boolean {
  return (
    session.announced ||
    startDelayMs !== null ||
    (playheadMs ?? 0) > 0 ||
    session.playingReports >= REPORTS_TO_BELIEVE
  )
}

/** What is said of the view before its first frame. */
function join(session: CmcdSession, report: CmcdReport): readonly Saying[] {
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
    if (!session.requested) {
      sayings.push({ type: 'playback.view.requested', at, state: 'joining', intent: 'click' })
    }
    session.requested = true
  }
  if (changed && pressed && said === 's') request(report.ts)
  if (said === 'f' || report.event === 'e') {
    request(session.intentAt ?? report.ts)
    sayings.push(fail(session, report))
  } else if (said === 'p' || (said === null && report.startDelayMs !== null)) {
    session.playingReports++
    if (isBelieved(session, report)) {
      const at = firstFrameAt(session, report, changed)
      // A start delay is no startup time: players count it from loading, even when play was pressed much later.
      const intentAt = session.announced ? session.intentAt : null
      request(Math.min(intentAt ?? at, at))
      const startupMs = intentAt === null || at - intentAt > MAX_STARTUP_MS ? null : at - intentAt
      sayings.push({ type: 'playback.view.started', at, state: 'playing', startupMs })
      session.started = true
      session.state = 'playing'
      session.said = 'p'
      session.playheadMs = report.playheadMs ?? Math.round((report.ts - at) * session.rate)
      if (at < report.ts) sayings.push(heartbeat(session, report))
    }
  } else if (said === 'q' && session.requested) {
    sayings.push({ type: 'playback.view.ended', at: report.ts, state: 'quit', endReason: 'stopped' })
  }
  return sayings
}

/** Where the start delay is what makes us believe, it also says when the first frame was shown. */
function firstFrameAt(session: CmcdSession, report: CmcdReport, changed: boolean): number {
  if (session.announced || report.startDelayMs === null || changed) return report.ts
  return Math.min(report.ts, session.firstTs + report.startDelayMs)
}

function heartbeat(session: CmcdSession, { ts }: CmcdReport): Saying {
  const { state, intervalMs } = session
  return { type: 'playback.heartbeat.sent', at: ts, state, intervalMs }
}

function fail(session: CmcdSession, report: CmcdReport): Saying {
  const fatal = (report.state ?? session.said) === 'f'
  if (fatal) session.state = 'failed'
  session.failed ||= fatal
  const errorCode = (report.errorCode ?? (fatal ? 'fatal' : 'error')).slice(0, 80)
  const { state } = session
  return { type: 'playback.error.raised', at: report.ts, state, errorCode, fatal, business: false }
}

/** What a change of state says. */
function change(session: CmcdSession, report: CmcdReport, next: PlayerState): readonly Saying[] {
  const before = session.state
  session.state = next
  const at = report.ts
  if (next === 'failed') return [fail(session, report)]
  if (next === 'seeking') return [{ type: 'playback.seek.started', at, state: next }]
  const ended = { type: 'playback.view.ended', at, state: next } as const
  if (next === 'ended') return [{ ...ended, endReason: 'completed' }]
  if (next === 'quit') return [{ ...ended, endReason: 'stopped' }]
  if (before === 'seeking') return [{ type: 'playback.seek.ended', at, state: next }]
  return [{ type: 'playback.state.changed', at, state: next }]
}

/** Counts the report in; the answer holds what it says in our words, in order. */
export function hear(session: CmcdSession, report: CmcdReport): readonly Saying[] {
  const wasVisible = session.visible
  moveOn(session, report)
  const bitrateChanged = report.bitrateKbps !== null && report.bitrateKbps !== session.bitrateKbps
  session.bitrateKbps = report.bitrateKbps ?? session.bitrateKbps
  if (!session.started) return join(session, report)
  session.said = report.state ?? session.said
  const next = report.state === null ? session.state : stateSaid(session, report.state)
  if (next !== session.state) return change(session, report, next)
  if (report.event === 't') return [heartbeat(session, report)]
  if (report.event === 'e' && !session.failed) return [fail(session, report)]
  if (report.event === 'bc' && bitrateChanged) {
    return [{ type: 'playback.rendition.changed', at: report.ts, state: next }]
  }
  if (report.event === 'pr' || wasVisible !== session.visible) {
    return [{ type: 'playback.state.changed', at: report.ts, state: next }]
  }
  return []
}
