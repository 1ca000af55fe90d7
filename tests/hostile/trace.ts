/** What one hostile player says in one view: mostly like a player, now and then like nothing that plays. */
import type { Random } from '#base/random.ts'
import type { Said } from '#metrics/reference/heard.ts'

export type Life = {
  readonly random: Random
  readonly newId: () => string
  readonly startAt: number
  /** What is the same in all its events. */
  readonly common: Pick<
    Said,
    | 'viewerKey'
    | 'titleId'
    | 'deviceKind'
    | 'playerName'
    | 'surface'
    | 'recommendationId'
    | 'experiments'
    | 'kids'
    | 'own'
    | 'staff'
  >
  readonly lengthMs: number
}
/** Happened at `trueAt`, whatever its clock says. */
export type Happened = { readonly trueAt: number; readonly said: Said }

const TYPES = [
  'state.changed',
  'heartbeat.sent',
  'seek.started',
  'seek.ended',
  'rendition.changed',
  'view.started',
] as const
const STATES = [
  'joining',
  'playing',
  'playing',
  'paused',
  'rebuffering',
  'seeking',
  'ad',
  'ended',
  'failed',
  'quit',
] as const
const RATES = [1, 1, 1, 1, 1.5, 2, 0.25, 16, 0] as const
const SIZES = [360, 480, 720, 1080, 2160] as const

/** What may follow what, for those that play like players. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  joining: ['playing', 'playing', 'playing', 'ad', 'joining'],
  ad: ['ad', 'rebuffering', 'playing'],
  playing: ['playing', 'playing', 'playing', 'playing', 'paused', 'rebuffering', 'seeking', 'ad'],
  paused: ['playing', 'paused', 'rebuffering'],
  rebuffering: ['playing', 'playing', 'rebuffering', 'seeking'],
  seeking: ['playing', 'playing', 'rebuffering', 'paused', 'seeking'],
}

const EMPTY = {
  version: 1,
  intervalMs: null,
  startupMs: null,
  fatal: null,
  business: null,
  endReason: null,
  intent: null,
  errorCode: null,
} as const

/** A gap to the next event, in ms: seconds, now and then minutes or hours. */
function gapOf({ next, below }: Random): number {
  const roll = next()
  if (roll < 0.1) return below(300)
  if (roll < 0.9) return 300 + below(9000)
  return roll < 0.98 ? below(600_000) : below(3 * 3_600_000)
}

export function live(life: Life): Happened[] {
  const { random, startAt, common, lengthMs, newId } = life
  const chance = (share: number): boolean => random.next() < share
  const mad = chance(0.15)
  const isLive = chance(0.04)
  const intervalMs = random.pick([250, 5000, 5000, 10_000, 30_000, 120_000])
  const picture = {
    rate: random.pick(RATES),
    videoHeightPx: random.pick(SIZES),
    playerHeightPx: 300 + random.below(1200),
  }
  const happened: Happened[] = []
  let trueAt = startAt
  let playheadMs = random.below(4) === 0 ? random.below(lengthMs) : 0
  let state = 'joining'
  let seq = 0
  const say = (type: string, more: Partial<Said> = {}): void => {
    if (chance(0.03)) seq += random.below(4)
    happened.push({
      trueAt,
      said: {
        ...EMPTY,
        ...common,
        id: newId(),
        type: `playback.${type}`,
        createdAt: trueAt,
        seq: mad && chance(0.1) ? random.below(40) : seq++,
        state,
        playheadMs: Math.min(4_294_967_295, Math.max(0, Math.round(playheadMs))),
        rate: chance(0.05) ? random.pick(RATES) : picture.rate,
        visible: !chance(0.1),
        bitrateKbps: chance(0.1) ? null : mad && chance(0.1) ? 4_000_000_000 : 300 + random.below(8000),
        videoHeightPx: chance(0.1) ? null : picture.videoHeightPx,
        playerHeightPx: chance(0.1) ? null : picture.playerHeightPx,
        videoWidthPx: chance(0.5) ? null : random.below(4000),
        playerWidthPx: chance(0.5) ? null : random.below(4000),
        liveLatencyMs: isLive && chance(0.9) ? random.below(400_000) : null,
        ...more,
      } as Said,
    })
  }
  const move = (): void => {
    const gap = gapOf(random)
    trueAt += gap
    if (state === 'playing') playheadMs += gap * (picture.rate || 1) * (chance(0.1) ? random.next() * 3 : 1)
    if (chance(0.03)) playheadMs = random.below(lengthMs)
  }

  if (!chance(0.03)) say('view.requested', { intent: 'click' })
  const steps = chance(0.1) ? random.below(3) : 2 + random.below(22)
  for (let step = 0; step < steps; step++) {
    move()
    if (chance(0.02)) {
      const fatal = chance(0.6)
      if (fatal) state = 'failed'
      say('error.raised', { errorCode: random.pick(['E_MEDIA', 'E_NET']), fatal, business: chance(0.3) })
      if (fatal && !mad) return happened
      continue
    }
    const before = state
    state = mad ? random.pick(STATES) : random.pick(NEXT[state] ?? ['playing'])
    const isFirst = before === 'joining' && (state === 'playing' || state === 'ad')
    if (mad) {
      const type = random.pick(TYPES)
      say(type, type === 'heartbeat.sent' ? { intervalMs } : {})
    } else if (isFirst) say('view.started', { startupMs: chance(0.5) ? null : random.below(5000) })
    else if (state === 'seeking' && before !== 'seeking') say('seek.started')
    else if (before === 'seeking' && state !== 'seeking') {
      playheadMs = random.below(lengthMs)
      say('seek.ended')
    } else if (state !== before) say('state.changed')
    else say('heartbeat.sent', { intervalMs })
    // A scrub: another seek before anybody saw the last one's end.
    if (!mad && state === 'playing' && chance(0.05)) scrub()
  }
  if (chance(0.7)) {
    move()
    const endReason = random.pick(['completed', 'stopped', 'stopped', 'unloaded', 'failed'])
    state = endReason === 'completed' ? 'ended' : endReason === 'failed' ? 'failed' : 'quit'
    say('view.ended', { endReason })
    if (chance(0.05)) {
      move()
      state = 'playing'
      say('state.changed')
      move()
      say('heartbeat.sent', { intervalMs })
    }
  }
  return happened

  function scrub(): void {
    for (let n = 1 + random.below(3); n > 0; n--) {
      trueAt += random.below(400)
      state = 'seeking'
      say('seek.started')
      trueAt += random.below(500)
      playheadMs = random.below(lengthMs)
      state = 'playing'
      say('seek.ended')
    }
  }
}
