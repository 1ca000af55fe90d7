/**
 * One CMCD v2 event report (CTA-5004-A), read leniently: what is missing stays unknown, what is unknown is left out.
 * Real players omit most keys; none of the stock ones sends the playhead.
 */
import { decodeCmcd } from '@svta/cml-cmcd'
import { Refusal } from '#base/refusal.ts'
import { type CmcdValues, listed, numberOf, textOf } from '#events/cmcd-values.ts'
import type { Problem } from '#pipelines/dead-letters.ts'
import { refusals } from '#pipelines/errors.ts'

export type CmcdReport = {
  /** Names the event: ps (state), t (timer), bc (bitrate), e (error), pr (rate) and others. */
  readonly kind: string
  readonly sid: string | null
  /** Epoch ms of the player. */
  readonly ts: number
  readonly sn: number | null
  /** One of `REPORT_STATES`. */
  readonly state: string | null
  readonly rate: number
  readonly playheadMs: number | null
  readonly startDelayMs: number | null
  readonly bitrateKbps: number | null
  readonly bufferMs: number | null
  readonly errorCode: string | null
  readonly visible: boolean
  /** Two reports of a view with one identity are one report. */
  readonly identity: string
}

/** s starting, p playing, k seeking, r rebuffering, a paused, w waiting, e ended, f failed, q quit, d preloading. */
const REPORT_STATES: ReadonlySet<string> = new Set('spkrawefqd')

function readReport(raw: CmcdValues, text: string): CmcdReport | string {
  const { e, ts, sta, pr, ec, bg } = raw
  const kind = textOf(e)?.slice(0, 16)
  const at = numberOf(ts)
  if (kind === undefined) return 'the key `e` (event) is missing'
  if (at === null) return 'the key `ts` (time) is missing'
  const sn = numberOf(raw['sn'])
  const state = textOf(sta)
  return {
    kind,
    sid: textOf(raw['sid']),
    ts: at,
    sn,
    state: state !== null && REPORT_STATES.has(state) ? state : null,
    rate: typeof pr === 'number' && pr > 0 ? Math.min(pr, 16) : 1,
    playheadMs: numberOf(raw['pt']),
    startDelayMs: numberOf(raw['msd']),
    bitrateKbps: listed(raw['pb']) ?? listed(raw['br']),
    bufferMs: listed(raw['bl']),
    errorCode: Array.isArray(ec) ? textOf(ec[0]) : textOf(ec),
    visible: bg !== true,
    // A player that does not count its reports is told by what it says.
    identity: sn === null ? text : `${sn} ${at} ${kind}`,
  }
}

/** The report of one line, or why there is none. */
function readLine(line: string): CmcdReport | string {
  try {
    return readReport(decodeCmcd(line), line)
  } catch {
    return 'not a list of CMCD keys'
  }
}

const readItem = (item: unknown, text: string): CmcdReport | string =>
  typeof item === 'object' && item !== null
    ? readReport(item as CmcdValues, text)
    : 'not an object of CMCD keys'

export type CmcdLines = {
  readonly reports: readonly CmcdReport[]
  readonly setAside: readonly { readonly text: string; readonly problem: Problem }[]
}
export type CmcdLimits = { readonly batchEvents: number; readonly eventBytes: number }

/**
 * One report a line; empty lines are left out. A body that is JSON holds one object or a list of them. Each line and
 * each item is a report or set aside; more of them than a batch may hold are refused together.
 */
export function readReports(body: string, { batchEvents, eventBytes }: CmcdLimits): CmcdLines {
  const items = jsonItems(body)
  const lines = items ?? body.trimEnd().split('\n', batchEvents + 1)
  if (lines.length > batchEvents) {
    throw new Refusal(refusals.bodyTooLarge, `A batch holds at most ${batchEvents} reports.`)
  }
  const reports: CmcdReport[] = []
  const setAside: { text: string; problem: Problem }[] = []
  for (const line of lines) {
    const text = items === null ? (line as string).trim() : (JSON.stringify(line) ?? '')
    if (text === '') continue
    if (text.length > eventBytes) {
      const detail = `report is over ${eventBytes} characters`
      setAside.push({ text, problem: { reason: 'too-large', detail } })
      continue
    }
    const read = items === null ? readLine(text) : readItem(line, text)
    if (typeof read === 'string')
      setAside.push({ text, problem: { reason: 'unreadable-cmcd', detail: read } })
    else reports.push(read)
  }
  return { reports, setAside }
}

function jsonItems(body: string): readonly unknown[] | null {
  if (!/^\s*[[{]/.test(body)) return null
  try {
    const value: unknown = JSON.parse(body)
    return Array.isArray(value) ? value : [value]
  } catch {
    return null
  }
}
