/**
 * Some hundred views and every request their players make: split, repeated, in other words, late, by wrong clocks, with used
 * ids and with poison in between. A wave follows from its seed and number alone, so nothing of it need be kept.
 */
import { createRandom, type Random } from '#base/random.ts'
import type { DeadLetterReason } from '#events/dead-letters.ts'
import type { PlayGrant } from '#events/grants.ts'
import type { Heard, Said } from '#metrics/reference/heard.ts'
import { poisonOf } from '#tests/hostile/poison.ts'
import { type Happened, live } from '#tests/hostile/trace.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const FIVE_MINUTES = 300_000
export const TENANTS = ['north', 'south'] as const
export const BASE = Date.UTC(2026, 5, 1)
/** When everything is looked at: the last views are still open. */
export const NOW = BASE + 3 * DAY + HOUR
export const VIEWS_IN_WAVE = 400
const TITLES = 30
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0'

export const titlesOf = (tenantId: string): readonly { readonly id: string; readonly lengthMs: number }[] =>
  Array.from({ length: TITLES }, (_, i) => ({
    id: `${tenantId}-${i}`,
    lengthMs: i % 5 === 0 ? 0 : i % 5 === 1 ? 12_000 : 60_000 * i,
  }))

export type Request = {
  readonly receivedAt: number
  readonly sentAt: number
  readonly body: string
  readonly userAgent: string
  readonly fromDatacentre: boolean
  readonly tenantId: string
  /** Reasons of what is set aside; null: refused as a whole. */
  readonly dead: readonly DeadLetterReason[] | null
  readonly valid: number
}
export type PlannedView = {
  readonly tenantId: string
  readonly sid: string
  readonly playerId: string
  readonly heard: readonly Heard[]
}
export type Wave = { readonly views: readonly PlannedView[]; readonly requests: readonly Request[] }

/** What the collector may take: rule 6, and the window of its token. */
function isInWindow(createdAt: number, sentAt: number, receivedAt: number, grant: PlayGrant): boolean {
  const at = Math.abs(receivedAt - sentAt) <= FIVE_MINUTES ? createdAt : receivedAt - (sentAt - createdAt)
  return (
    at <= receivedAt + FIVE_MINUTES &&
    at >= receivedAt - 7 * DAY &&
    at >= grant.issuedAt - FIVE_MINUTES &&
    at <= grant.expiresAt
  )
}

/** Off by: nothing, minutes, hours, to 1970, to 2099; set anew now and then while it plays. */
function clockOf(random: Random, startAt: number): (trueAt: number) => number {
  const draw = (): number => {
    const roll = random.next()
    if (roll < 0.6) return 0
    if (roll < 0.75) return Math.round((random.next() * 2 - 1) * 299_000)
    if (roll < 0.88) return Math.round((random.next() * 2 - 1) * 20 * HOUR)
    return roll < 0.94 ? 1000 - startAt : Date.UTC(2099, 0, 1) - startAt
  }
  const first = draw()
  if (random.next() > 0.03) return (trueAt) => Math.max(0, trueAt + first)
  const second = draw()
  const setAt = startAt + random.below(120_000)
  return (trueAt) => Math.max(0, trueAt + (trueAt < setAt ? first : second))
}

type Batch = {
  readonly happened: readonly Happened[]
  readonly sentTrueAt: number
  readonly inCommon: boolean
}

/** How what happened is sent: in runs, some of them offline for up to two days, some again, otherwise split. */
function batchesOf(happened: readonly Happened[], random: Random): Batch[] {
  const chance = (share: number): boolean => random.next() < share
  const batches: Batch[] = []
  const cut = (from: readonly Happened[], later: number): void => {
    const style = chance(0.7)
    for (let at = 0; at < from.length; ) {
      const run = from.slice(at, at + 1 + random.below(8))
      at += run.length
      const last = Math.max(...run.map(({ trueAt }) => trueAt))
      const offline = chance(0.05) ? random.below(2 * DAY) : 0
      batches.push({
        happened: run,
        sentTrueAt: last + random.below(3000) + later + offline,
        inCommon: style,
      })
    }
  }
  cut(happened, 0)
  if (chance(0.2)) cut(happened, random.below(HOUR))
  if (chance(0.1)) cut(random.shuffle([...happened]), random.below(DAY))
  for (const one of happened) if (chance(0.03)) cut([one], random.below(60_000))
  return batches
}

const COMMON = [
  'sid',
  'playerId',
  'deviceKind',
  'playerName',
  'playerVersion',
  'surface',
  'experiments',
] as const

/** What the token says. */
const BY_GRANT: ReadonlySet<string> = new Set([
  'viewerKey',
  'titleId',
  'recommendationId',
  'kids',
  'own',
  'staff',
])

/** The event as it goes over the wire: what is not said is left out, or null. */
function rawOf(said: Said, ids: { sid: string; playerId: string }, nulls: boolean): Record<string, unknown> {
  const raw: Record<string, unknown> = { ...ids, playerVersion: '1' }
  for (const [name, value] of Object.entries(said)) {
    if (name === 'id' || BY_GRANT.has(name)) continue
    if (value !== null) raw[name] = value
    else if (nulls && /Px$|Kbps$/.test(name)) raw[name] = null
  }
  return { eventId: said.id, ...raw }
}

type Cast = {
  readonly random: Random
  readonly grant: PlayGrant
  readonly sid: string
  readonly playerId: string
  readonly clock: (trueAt: number) => number
  readonly userAgents: readonly string[]
  readonly fromDatacentre: boolean
}

function requestOf(
  { happened, sentTrueAt, inCommon }: Batch,
  cast: Cast,
): { request: Request; heard: Heard[] } {
  const { random, grant, sid, playerId, clock } = cast
  const sentAt = clock(sentTrueAt)
  const receivedAt = sentTrueAt + 20 + random.below(random.next() < 0.02 ? 200_000 : 2000)
  const userAgent = random.pick(cast.userAgents)
  const program = cast.fromDatacentre || userAgent !== BROWSER
  const dead: DeadLetterReason[] = []
  const heard: Heard[] = []
  const events: unknown[] = []
  for (const { said: plain } of happened) {
    const said = { ...plain, createdAt: clock(plain.createdAt) }
    const raw = rawOf(said, { sid, playerId }, random.next() < 0.5)
    if (random.next() < 0.006) {
      const poison = poisonOf(raw, sentAt, random)
      dead.push(poison.reason)
      events.push(poison.raw)
    }
    events.push(
      inCommon
        ? Object.fromEntries(Object.entries(raw).filter(([name]) => !COMMON.includes(name as 'sid')))
        : raw,
    )
    if (isInWindow(said.createdAt, sentAt, receivedAt, grant))
      heard.push({ said, sentAt, receivedAt, program })
    else dead.push('outside-window')
  }
  const [first] = happened
  const common =
    inCommon && first !== undefined ? pickCommon(rawOf(first.said, { sid, playerId }, false)) : {}
  // Poison of a batch whose words are in common still is what it was: it carries them all itself.
  const token = JSON.stringify(grant)
  const refused = random.next() < 0.002
  const body = JSON.stringify({
    writeKey: refused ? 'nobody' : grant.tenantId,
    token,
    sentAt,
    common,
    events,
  })
  return {
    request: {
      receivedAt,
      sentAt,
      body,
      userAgent,
      fromDatacentre: cast.fromDatacentre,
      tenantId: grant.tenantId,
      dead: refused ? null : dead,
      valid: events.length - dead.length,
    },
    heard: refused ? [] : heard,
  }
}
const pickCommon = (raw: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(COMMON.map((name) => [name, raw[name]]))

/** Now and then an id is used again for something else. */
function reuseIds(happened: readonly Happened[], random: Random): Happened[] {
  return happened.map((one, i) =>
    i > 0 && random.next() < 0.015
      ? { ...one, said: { ...one.said, id: (happened[random.below(i)] as Happened).said.id } }
      : one,
  )
}

function planView(number: number, random: Random): { views: PlannedView[]; requests: Request[] } {
  // The first views are of a viewer who never stops.
  const rushed = number < 750 && number % 3 === 0
  const tenantId = rushed ? 'north' : random.pick(TENANTS)
  const startAt = rushed ? BASE + 5 * HOUR + random.below(HOUR - 60_000) : BASE + random.below(3 * DAY)
  const kids = !rushed && random.next() < 0.1
  const title = random.pick(titlesOf(tenantId))
  const grant: PlayGrant = {
    kind: 'play',
    tenantId,
    playId: `play-${number}`,
    titleId: title.id,
    viewerKey: rushed ? 'v_rushed' : kids ? null : `v_${random.below(3000)}`,
    kids,
    recommendationId: random.next() < 0.3 ? `slate-${random.below(100)}` : null,
    own: random.next() < 0.03,
    staff: random.next() < 0.04,
    issuedAt: startAt - 600_000,
    expiresAt: startAt + 12 * HOUR,
  }
  let ids = 0
  const sid = `s-${random.next() < 0.03 ? number - 1 : number}`
  const views: PlannedView[] = []
  const requests: Request[] = []
  const players = random.next() < 0.03 ? 2 : 1
  for (let player = 0; player < players; player++) {
    const playerId = `p-${number}-${player}`
    const happened = live({
      random,
      newId: () => `${number.toString(36)}-${player}-${(ids++).toString(36)}`,
      startAt,
      lengthMs: title.lengthMs || 300_000,
      common: {
        viewerKey: grant.viewerKey,
        titleId: grant.titleId,
        deviceKind: random.pick(['desktop', 'phone', 'tv']),
        playerName: random.pick(['ours', 'theirs']),
        surface: random.next() < 0.02 ? 'preview' : random.pick(['watch', 'embed']),
        recommendationId: grant.recommendationId,
        experiments: random.pick([[], ['a:1'], ['b:2', 'a:1']]),
        kids,
        own: grant.own === true,
        staff: grant.staff === true,
      },
    })
    const program = random.next() < 0.03
    const cast: Cast = {
      random,
      grant,
      sid,
      playerId,
      clock: clockOf(random, startAt),
      userAgents: program ? [BROWSER, 'curl/8'] : [BROWSER],
      fromDatacentre: random.next() < 0.01,
    }
    const sent = batchesOf(reuseIds(happened, random), random).map((batch) => requestOf(batch, cast))
    for (const { request } of sent) requests.push(request)
    views.push({ tenantId, sid, playerId, heard: sent.flatMap(({ heard }) => heard) })
  }
  return { views, requests }
}

/** A body nobody can read; its tenant is named by a header. */
const unreadable = (random: Random): Request => {
  const receivedAt = BASE + random.below(3 * DAY)
  const tenantId = random.pick(TENANTS)
  return {
    receivedAt,
    sentAt: receivedAt,
    body: random.pick(['{"events":[', 'not json', '']),
    userAgent: BROWSER,
    fromDatacentre: false,
    tenantId,
    dead: ['not-json'],
    valid: 0,
  }
}

export function waveOf(seed: number, number: number): Wave {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
  const planned = Array.from({ length: VIEWS_IN_WAVE }, (_, i) =>
    planView(number * VIEWS_IN_WAVE + i, random),
  )
  const requests = planned.flatMap((one) => one.requests)
  for (let n = 0; n < 3; n++) requests.push(unreadable(random))
  // As they come in: a collector's own clock does not go back.
  requests.sort(
    (a, b) =>
      a.receivedAt - b.receivedAt || a.sentAt - b.sentAt || Number(isProgram(b)) - Number(isProgram(a)),
  )
  return { views: planned.flatMap(({ views }) => views), requests }
}
const isProgram = ({ userAgent, fromDatacentre }: Request): boolean => fromDatacentre || userAgent !== BROWSER
