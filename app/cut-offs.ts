/** Clients that were cut off, counted by reason: nobody is sent away without a trace. */
export const CUT_OFF_REASONS = [
  'headers too slow',
  'headers too large',
  'not HTTP',
  'body too slow',
  'upload idle',
  'too many connections',
] as const
export type CutOffReason = (typeof CUT_OFF_REASONS)[number]

export type CutOffs = {
  count(reason: CutOffReason): void
  snapshot(): Readonly<Record<CutOffReason, number>>
}

export function createCutOffs(): CutOffs {
  const counts = Object.fromEntries(CUT_OFF_REASONS.map((reason) => [reason, 0])) as Record<
    CutOffReason,
    number
  >
  return {
    count: (reason) => {
      counts[reason]++
    },
    snapshot: () => ({ ...counts }),
  }
}
