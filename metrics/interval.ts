/** How sure a share is: Wilson's score interval, 95 % (E. B. Wilson, 1927), which stays honest for few and for rare. */

const Z = 1.959964

export type Share = { readonly value: number; readonly low: number; readonly high: number }

/** `hits` of `tries`, 0 to 1; null where nothing was tried. */
export function wilson(hits: number, tries: number): Share | null {
  if (tries <= 0) return null
  const p = hits / tries
  const z2 = Z * Z
  const middle = (p + z2 / (2 * tries)) / (1 + z2 / tries)
  const half = (Z / (1 + z2 / tries)) * Math.sqrt((p * (1 - p)) / tries + z2 / (4 * tries * tries))
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}

/** Sums over groups of tries that may share their luck: `hits`, `tries`, and of each group squares and product. */
export type Clustered = {
  readonly hits: number
  readonly tries: number
  readonly hitsSquared: number
  readonly hitsByTries: number
  readonly triesSquared: number
}

/**
 * The interval of a share whose tries come in groups, such as events of one view lost in one batch: Wilson's on as many
 * tries as would by chance spread like the groups do (Kish's design effect, never below 1).
 */
export function clusteredWilson(sums: Clustered): Share | null {
  const { hits, tries, hitsSquared, hitsByTries, triesSquared } = sums
  if (tries <= 0) return null
  const p = hits / tries
  const byChance = p * (1 - p) * tries
  const seen = hitsSquared - 2 * p * hitsByTries + p * p * triesSquared
  const effect = byChance > 0 ? Math.max(1, seen / byChance) : 1
  return wilson(hits / effect, tries / effect)
}
