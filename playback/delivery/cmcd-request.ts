/**
 * What a player says with a request for media: CMCD v1 and v2 in request mode (CTA-5004, CTA-5004-B), in the query or in
 * four headers. Read leniently: a part that cannot be read is left out, the others count.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { decodeCmcd } from '@svta/cml-cmcd'
import { type CmcdValues, listed, numberOf, textOf } from '#events/cmcd-values.ts'

const HEADERS = ['cmcd-session', 'cmcd-request', 'cmcd-object', 'cmcd-status'] as const
/** Longer parts are not looked at. */
const MAX_PART = 4000
const MAX_OTHER = 500
const MAX_UINT32 = 0xffffffff

/** Keys with a column of their own; `nor` and `nrr` name the next request, which will speak for itself. */
const KNOWN = new Set('sid cid v sta sf st su bs mtp pr br tb rtp bl dl d ot nor nrr'.split(' '))

/** The parts of a request that speak CMCD, not yet read. */
export function cmcdParts(query: unknown, headers: IncomingHttpHeaders): readonly string[] {
  const parts: string[] = []
  if (typeof query === 'string' && query !== '') parts.push(query)
  for (const name of HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') parts.push(value)
  }
  return parts
}

/** One key with a value of the kinds players send: a string, a number, a token, yes or no, a list of one. */
const PLAIN = new RegExp(
  [
    String.raw`([a-z][a-z0-9_.-]*)(?:=(?:"([^"\\]*)"`,
    String.raw`(-?\d{1,15}(?:\.\d{1,3})?)`,
    String.raw`([A-Za-z][A-Za-z0-9_.-]*)`,
    String.raw`\?([01])`,
    String.raw`\((\d{1,15})(?:;[a-z]{1,2})?\)))?(?:,[ \t]*|$)`,
  ].join('|'),
  'y',
)

/** As `decodeCmcd` reads a part that holds plain values only, at a tenth of its cost; null for any other. */
export function decodePlain(part: string): CmcdValues | null {
  const values: Record<string, unknown> = {}
  PLAIN.lastIndex = 0
  while (PLAIN.lastIndex < part.length) {
    const found = PLAIN.exec(part)
    if (found === null) return null
    const [, key, text, number, word, yes, listed] = found
    values[key as string] =
      text ??
      word ??
      (number !== undefined ? Number(number) : listed !== undefined ? [Number(listed)] : yes !== '0')
  }
  // A comma that nothing follows is not CMCD.
  return /,[ \t]*$/.test(part) ? null : values
}

function decodeAll(parts: readonly string[]): CmcdValues {
  const values: Record<string, unknown> = {}
  for (const part of parts) {
    if (part.length > MAX_PART) continue
    try {
      Object.assign(values, decodePlain(part) ?? decodeCmcd(part))
    } catch {
      // Not CMCD: what the other parts say still counts.
    }
  }
  return values
}

const bounded = (value: number | null): number | null => (value === null ? null : Math.min(value, MAX_UINT32))
const PRINTABLE = /^[^\p{Cc}]+$/u
const name = (value: unknown, max: number): string | null => {
  const said = textOf(value)
  return said !== null && PRINTABLE.test(said) ? said.slice(0, max) : null
}
const word = (value: unknown, max: number): string | null => {
  const said = name(value, max + 1)
  return said !== null && said.length <= max ? said : null
}
/** Tokens come as strings or as objects that describe themselves. */
const token = (value: unknown, max: number): string | null =>
  word(
    typeof value === 'object' && value !== null
      ? String((value as { description?: string }).description)
      : value,
    max,
  )
const mark = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null)

/** Custom keys (with a hyphen) may say who watches: their names are kept, their values are not. */
function otherKeys(values: CmcdValues): string {
  let text = ''
  for (const [key, value] of Object.entries(values)) {
    if (KNOWN.has(key)) continue
    const said = key.includes('-') ? key : `${key}=${JSON.stringify(value) ?? ''}`
    const longer = text === '' ? said : `${text},${said}`
    if (longer.length <= MAX_OTHER) text = longer
  }
  return text
}

const SILENT = {
  sid: null,
  cmcdVersion: null,
  contentId: null,
  playerState: null,
  streamingFormat: null,
  streamType: null,
  startup: null,
  starved: null,
  throughputKbps: null,
  otherKeys: '',
} as const

/** The fields of a delivery that any request may say, and those of a segment's alone. */
export function readCmcdRequest(parts: readonly string[]) {
  const values = parts.length === 0 ? {} : decodeAll(parts)
  if (Object.keys(values).length === 0) return { common: SILENT, ofSegment: {} }
  const { pr } = values
  return {
    common: {
      sid: name(values['sid'], 64),
      cmcdVersion: Math.min(numberOf(values['v']) ?? 1, 255),
      contentId: name(values['cid'], 64),
      playerState: token(values['sta'], 1),
      streamingFormat: token(values['sf'], 8),
      streamType: token(values['st'], 8),
      startup: mark(values['su']),
      starved: mark(values['bs']),
      throughputKbps: bounded(listed(values['mtp'])),
      otherKeys: otherKeys(values),
    },
    ofSegment: {
      rate: typeof pr === 'number' && pr >= 0 && pr <= 100 ? pr : null,
      bitrateKbps: bounded(listed(values['br'])),
      topKbps: bounded(listed(values['tb'])),
      requestedKbps: bounded(numberOf(values['rtp'])),
      bufferMs: bounded(listed(values['bl'])),
      deadlineMs: bounded(numberOf(values['dl'])),
      objectMs: bounded(numberOf(values['d'])),
      objectType: token(values['ot'], 8),
    },
  }
}
