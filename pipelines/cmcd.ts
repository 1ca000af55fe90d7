/**
 * The door for players other people wrote: CMCD v2 event reports become playback events of ours. The view's state is
 * kept in memory, bounded; the ids of events come from the reports' own text, so a report sent again is a duplicate.
 */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import type { Grant, PlayGrant } from '#events/grants.ts'
import { type CmcdReport, readReports } from '#pipelines/cmcd-report.ts'
import { type CmcdSession, createCmcdSession, hear } from '#pipelines/cmcd-session.ts'
import type { ForeignBatch } from '#pipelines/collect.ts'
import { refusals } from '#pipelines/errors.ts'

const MAX_SESSIONS = 4000
/** Reports a session remembers, so that one sent again says the same again. */
const REMEMBERED_REPORTS = 12
const MAX_REPORTS = 1000

type Fields = Readonly<Record<string, unknown>>
type Remembered = { readonly session: CmcdSession; readonly heard: Map<string, readonly Fields[]> }

export type CmcdReader = {
  /** The body of a request as a batch for the collector. */
  read(body: Uint8Array): ForeignBatch
}

const decoder = new TextDecoder()
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

function deviceOf(userAgent: string): string {
  if (/smart-?tv|\btv\b|tizen|web0s|aft[a-z]/i.test(userAgent)) return 'tv'
  if (/ipad|tablet|android(?!.*mobile)/i.test(userAgent)) return 'tablet'
  if (/mobile|iphone/i.test(userAgent)) return 'phone'
  return userAgent === '' ? 'other' : 'desktop'
}

export function createCmcdReader(): CmcdReader {
  const sessions = new Map<string, Remembered>()

  const remembered = (key: string, ts: number): Remembered => {
    const known = sessions.get(key) ?? { session: createCmcdSession(ts), heard: new Map() }
    sessions.delete(key)
    sessions.set(key, known)
    if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value as string)
    return known
  }

  const eventsOf = (report: CmcdReport, grant: PlayGrant, deviceKind: string): readonly Fields[] => {
    const sid = (report.sid ?? grant.playId).slice(0, 64)
    const { session, heard } = remembered(`${grant.tenantId}\n${grant.playId}\n${sid}`, report.ts)
    const known = heard.get(report.text)
    if (known !== undefined) return known
    const said = hear(session, report).map(({ at, ...saying }, i) => ({
      eventId: hash(`${grant.playId}\n${sid}\n${i}\n${report.text}`),
      createdAt: at,
      sid,
      playerId: grant.playId,
      seq: session.seq++,
      playheadMs: at < report.ts ? 0 : session.playheadMs,
      rate: session.rate,
      visible: session.visible,
      deviceKind,
      playerName: 'cmcd2',
      playerVersion: '',
      surface: 'embed',
      bitrateKbps: session.bitrateKbps,
      bufferMs: report.bufferMs,
      ...saying,
    }))
    heard.set(report.text, said)
    if (heard.size > REMEMBERED_REPORTS) heard.delete(heard.keys().next().value as string)
    return said
  }

  const playGrant = (grant: Grant): PlayGrant => {
    if (grant.kind === 'play') return grant
    throw new Refusal(refusals.tokenRefused, 'CMCD is reported with the token of a play session.')
  }

  return {
    read: (body) => ({
      byteLength: body.byteLength,
      sourceFormat: 'cmcd2',
      translate: (grant, userAgent) => {
        const play = playGrant(grant)
        const { reports, unreadable } = readReports(decoder.decode(body), MAX_REPORTS)
        const deviceKind = deviceOf(userAgent)
        const inOrder = [...reports].sort((a, b) => a.ts - b.ts || (a.sn ?? 0) - (b.sn ?? 0))
        // Reports leave as they happen, so the newest says what the player's clock said when the request was made.
        const sentAt = inOrder.at(-1)?.ts
        return { events: inOrder.flatMap((report) => eventsOf(report, play, deviceKind)), unreadable, sentAt }
      },
    }),
  }
}
