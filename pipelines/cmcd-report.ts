/**
 * One CMCD v2 event report (CTA-5004-A), read leniently: what is missing stays unknown, what is unknown is left out.
 * Real players omit most keys; none of the stock ones sends the playhead.
 */
import { decodeCmcd } from '@svta/cml-cmcd'

export type CmcdReport = {
  /** Names the event: ps (state), t (timer), bc (bitrate), e (error), pr (rate) and others. */
  readonly event: string
  readonly sid: string | null
  /** Epoch ms of the player. */
  readonly ts: number
  readonly sn: number | null
  /** s starting, p playing, k seeking, r rebuffering, a paused, w waiting, e ended, f failed, q quit, d preloading. */
  readonly state: string | null
  readonly rate: number
  readonly playheadMs: number | null
  readonly startDelayMs: number | null
  readonly bitrateKbps: number | null
  readonly bufferMs: number | null
  readonly errorCode: string | null
  readonly visible: boolean
  /** The report as it came: two reports with one text are one report. */
  readonly text: string
}

type Raw = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : null

/** CMCD v2 lists numbers per type of object, v1 gives one number; video counts, else the first. */
function listed(value: unknown): number | null {
  if (!Array.isArray(value)) return numberOf(value)
  const items = value as readonly (number | { value?: unknown; params?: Raw })[]
  const video = items.find((item) => typeof item === 'object' && item.params?.['v'] === true)
  const chosen = video ?? items[0]
  return numberOf(typeof chosen === 'object' ? chosen.value : chosen)
}

function readReport(raw: Raw, text: string): CmcdReport | string {
  const { e, ts, sta, pr, ec, bg } = raw
  const event = textOf(e)
  const at = numberOf(ts)
  if (event === null) return 'the key `e` (event) is missing'
  if (at === null) return 'the key `ts` (time) is missing'
  return {
    event,
    sid: textOf(raw['sid']),
    ts: at,
    sn: numberOf(raw['sn']),
    state: textOf(sta),
    rate: typeof pr === 'number' && pr > 0 ? Math.min(pr, 16) : 1,
    playheadMs: numberOf(raw['pt']),
    startDelayMs: numberOf(raw['msd']),
    bitrateKbps: listed(raw['pb']) ?? listed(raw['br']),
    bufferMs: listed(raw['bl']),
    errorCode: Array.isArray(ec) ? textOf(ec[0]) : textOf(ec),
    visible: bg !== true,
    text,
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

export type CmcdLines = {
  readonly reports: readonly CmcdReport[]
  readonly unreadable: readonly { readonly text: string; readonly detail: string }[]
}

/** One report a line; empty lines are left out. A body that is JSON holds one object or a list of them. */
export function readReports(body: string, maxReports: number): CmcdLines {
  const reports: CmcdReport[] = []
  const unreadable: { text: string; detail: string }[] = []
  const take = (read: CmcdReport | string, text: string): void => {
    if (typeof read === 'string') unreadable.push({ text, detail: read })
    else reports.push(read)
  }
  const json = /^\s*[[{]/.test(body) ? jsonReports(body) : null
  if (json === null) {
    for (const line of body.split('\n', maxReports)) {
      const text = line.trim()
      if (text !== '') take(readLine(text), text)
    }
  } else {
    for (const raw of json.slice(0, maxReports))
      take(readReport(raw, JSON.stringify(raw)), JSON.stringify(raw))
  }
  return { reports, unreadable }
}

function jsonReports(body: string): readonly Raw[] | null {
  try {
    const value: unknown = JSON.parse(body)
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    return items.filter((item): item is Raw => typeof item === 'object' && item !== null)
  } catch {
    return null
  }
}
