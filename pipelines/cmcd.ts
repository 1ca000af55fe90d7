/**
 * The door for players other people wrote: each CMCD v2 event report becomes one event of ours that says what the report
 * says. Promises: nothing is kept between requests, and a report has the same id whenever it comes, so the events stored
 * are the set of the reports sent. What happened in the view follows from that set, in
 * `reported-views.ts`.
 */
import { createHash } from 'node:crypto'
import { Refusal } from '#base/refusal.ts'
import type { Grant, PlayGrant } from '#events/grants.ts'
import type { PlayerState } from '#events/playback.ts'
import { type CmcdReport, readReports } from '#pipelines/cmcd-report.ts'
import type { ForeignBatch } from '#pipelines/collect.ts'
import { refusals } from '#pipelines/errors.ts'

type Fields = Readonly<Record<string, unknown>>

const decoder = new TextDecoder()
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

function deviceOf(userAgent: string): string {
  if (/smart-?tv|\btv\b|tizen|web0s|aft[a-z]/i.test(userAgent)) return 'tv'
  if (/ipad|tablet|android(?!.*mobile)/i.test(userAgent)) return 'tablet'
  if (/mobile|iphone/i.test(userAgent)) return 'phone'
  return userAgent === '' ? 'other' : 'desktop'
}

/** What a report says of the player when no other is known: starting and preloading, and no state at all, are joining. */
const STATES: Readonly<Record<string, PlayerState>> = {
  p: 'playing',
  k: 'seeking',
  r: 'rebuffering',
  w: 'rebuffering',
  a: 'paused',
  e: 'ended',
  f: 'failed',
  q: 'quit',
}

function eventOf(report: CmcdReport, { playId }: PlayGrant, deviceKind: string): Fields {
  const { identity, kind, state, ts, sn, playheadMs, startDelayMs, errorCode } = report
  const sid = (report.sid ?? playId).slice(0, 64)
  return {
    type: 'playback.report.heard',
    eventId: hash(`${playId}\n${sid}\n${identity}`),
    createdAt: ts,
    sid,
    playerId: playId,
    seq: sn ?? 0,
    state: STATES[state ?? ''] ?? 'joining',
    playheadMs: playheadMs ?? 0,
    rate: report.rate,
    visible: report.visible,
    deviceKind,
    playerName: 'cmcd2',
    playerVersion: '',
    surface: 'embed',
    bitrateKbps: report.bitrateKbps,
    bufferMs: report.bufferMs,
    reportKind: kind,
    reportState: state,
    playheadKnown: playheadMs !== null,
    startDelayMs,
    errorCode: errorCode?.slice(0, 80) ?? null,
  }
}

function playGrant(grant: Grant): PlayGrant {
  if (grant.kind === 'play') return grant
  throw new Refusal(refusals.tokenRefused, 'CMCD is reported with the token of a play session.')
}

/** The body of a request as a batch for the collector. */
export const readCmcd = (body: Uint8Array): ForeignBatch => ({
  byteLength: body.byteLength,
  sourceFormat: 'cmcd2',
  translate: (grant, userAgent, limits) => {
    const play = playGrant(grant)
    const { reports, setAside } = readReports(decoder.decode(body), limits)
    const deviceKind = deviceOf(userAgent)
    // Reports leave as they happen, so the newest says what the player's clock said when the request was made.
    const sentAt = reports.reduce<number | undefined>(
      (newest, { ts }) => Math.max(newest ?? ts, ts),
      undefined,
    )
    return { events: reports.map((report) => eventOf(report, play, deviceKind)), setAside, sentAt }
  },
})
