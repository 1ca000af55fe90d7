/** Events nobody can accept, each with the reason it must be set aside for. */
import type { Random } from '#base/random.ts'
import type { DeadLetterReason } from '#events/dead-letters.ts'

const DAY = 86_400_000

type Raw = Readonly<Record<string, unknown>>
export type Poison = { readonly raw: unknown; readonly reason: DeadLetterReason }

const without = (raw: Raw, name: string): Raw => {
  const { [name]: _, ...rest } = raw
  return rest
}

/** `raw`: a whole event of the view; `sentAt`: of its batch, by the player's clock. */
export function poisonOf(raw: Raw, sentAt: number, random: Random): Poison {
  const wrong = (more: object, reason: DeadLetterReason = 'invalid-event'): Poison => ({
    raw: { ...raw, ...more },
    reason,
  })
  return random.pick<() => Poison>([
    () => wrong({ type: 'playback.view.dreamt' }, 'unknown-type'),
    () => wrong({ type: 7 }, 'unknown-type'),
    () => wrong({ version: 9 }, 'unknown-type'),
    () => ({ raw: without(raw, 'seq'), reason: 'invalid-event' }),
    () => ({ raw: without(raw, 'eventId'), reason: 'invalid-event' }),
    () => wrong({ playheadMs: -5 }),
    () => wrong({ playheadMs: 5_000_000_000 }),
    () => wrong({ rate: 17 }),
    () => wrong({ createdAt: '2026' }),
    () => wrong({ state: 'dreaming' }),
    () => wrong({ surprise: 1 }),
    () => wrong({ constructor: 1 }),
    () => wrong({ sid: { in: { side: [] } } }),
    () => ({ raw: null, reason: 'invalid-event' }),
    () => ({ raw: [1, 2], reason: 'invalid-event' }),
    () => wrong({ titleId: 'title-of-somebody-else' }, 'token-mismatch'),
    () => wrong({ viewerKey: 'somebody-else' }, 'token-mismatch'),
    () => wrong({ tenantId: 'somebody-else' }, 'token-mismatch'),
    () => wrong({ own: 'yes' }, 'token-mismatch'),
    () => wrong({ createdAt: sentAt + 3_600_000 }, 'outside-window'),
    // Before 1970 there is no time: a clock that stands there says something of the future instead.
    () => wrong({ createdAt: sentAt > 9 * DAY ? sentAt - 8 * DAY : sentAt + DAY }, 'outside-window'),
    () => wrong({ sid: 'x'.repeat(70_000) }, 'too-large'),
    () => ({ raw: { type: 'discovery.slate.served', eventId: raw['eventId'] }, reason: 'not-allowed' }),
  ])()
}
