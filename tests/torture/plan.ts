/** What happens in each round, from the seed alone: the same seed, the same faults. */
import { createRandom, type Random } from '#base/random.ts'
import type { InsertFault } from '#tests/torture/orders.ts'
import type { WriteFault } from '#tests/torture/write-faults.ts'

export const KINDS = [
  'power-cut',
  'kill-at-write',
  'write-error',
  'full-disk',
  'slow-disk',
  'warehouse-killed',
  'lost-answers',
  'clock-jump',
] as const
export type Kind = (typeof KINDS)[number]

/** How a round ends before the restart. */
export const ENDINGS = ['kill', 'power-cut', 'stop'] as const
export type Ending = (typeof ENDINGS)[number]

type Fault =
  | { readonly kind: 'power-cut' }
  | { readonly kind: 'kill-at-write'; readonly write: WriteFault }
  | { readonly kind: 'write-error'; readonly write: WriteFault }
  | { readonly kind: 'full-disk'; readonly freeBytes: number; readonly forMs: number }
  | { readonly kind: 'slow-disk'; readonly write: WriteFault }
  | { readonly kind: 'warehouse-killed'; readonly insert: InsertFault }
  | { readonly kind: 'lost-answers'; readonly forMs: number }
  | { readonly kind: 'clock-jump'; readonly ms: number }

export type Round = {
  readonly number: number
  readonly fault: Fault
  readonly ending: Ending
  readonly senders: number
  readonly batchEvents: number
  /** Batches acknowledged before the fault. */
  readonly before: number
  /** Batches acknowledged after it, where the victim lives on. */
  readonly after: number
}

/** Each kind once, in an order of the seed's, then again in another: few rounds already meet them all. */
export function planRounds(rounds: number, seed: number, only?: Kind): Round[] {
  const random = createRandom(seed)
  const plans: Round[] = []
  while (plans.length < rounds) {
    for (const kind of random.shuffle([...KINDS])) {
      const plan = planRound(plans.length, kind, random)
      if (plans.length < rounds && (only === undefined || only === kind)) plans.push(plan)
    }
  }
  return plans
}

function planRound(number: number, kind: Kind, random: Random): Round {
  const slow = kind === 'slow-disk'
  return {
    number,
    fault: planFault(kind, random),
    ending: random.pick(ENDINGS),
    senders: slow ? 64 : 4 + random.below(12),
    batchEvents: slow ? 300 : 1 + random.below(60),
    before: 5 + random.below(60),
    after: 5 + random.below(40),
  }
}

const planWrite = (random: Random, what: WriteFault['what'], more: Partial<WriteFault> = {}): WriteFault => ({
  at: 1 + random.below(40),
  times: 5 + random.below(12),
  what,
  lands: random.pick(['nothing', 'half', 'all'] as const),
  slowMs: 0,
  ...more,
})

function planFault(kind: Kind, random: Random): Fault {
  switch (kind) {
    case 'power-cut':
      return { kind }
    case 'kill-at-write':
      return { kind, write: planWrite(random, 'kill') }
    case 'write-error':
      return { kind, write: planWrite(random, 'eio') }
    case 'full-disk':
      return { kind, freeBytes: random.below(300_000), forMs: 400 + random.below(600) }
    case 'slow-disk':
      return {
        kind,
        write: planWrite(random, 'slow', { at: 1, times: 40, slowMs: 60 + random.below(140) }),
      }
    case 'warehouse-killed':
      return {
        kind,
        insert: {
          at: 1 + random.below(6),
          what: random.pick(['kill warehouse', 'kill everything', 'lose answer'] as const),
        },
      }
    case 'lost-answers':
      return { kind, forMs: 200 + random.below(500) }
    case 'clock-jump':
      return { kind, ms: (random.next() < 0.5 ? -1 : 1) * random.below(3 * 24 * 3_600_000) }
  }
}
