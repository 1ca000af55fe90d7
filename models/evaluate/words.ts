/** Figures as people read them. */

export const fixed = (n: number | undefined): string => (n === undefined ? '-' : n.toFixed(4))
export const signed = (n: number): string => `${n < 0 ? '' : '+'}${fixed(n)}`
/** `[low, high]`; nothing where both are the same, for what has no interval. */
export const interval = (low: number | undefined, high: number | undefined): string =>
  low === high ? '' : `[${fixed(low)}, ${fixed(high)}]`
