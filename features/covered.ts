/** Which parts of a title were covered: a set of spans kept merged and sorted, `[from, to, from, to, ...]` in ms. */

/** Spans kept at most; beyond it the two closest become one. */
const MAX_SPANS = 24
/** Spans nearer than this become one: reports are not exact to the millisecond. */
const JOIN_MS = 500

/** The spans with [from, to) added; the same array when it was covered already. */
export function cover(spans: readonly number[], from: number, to: number): readonly number[] {
  if (to <= from) return spans
  for (let i = 0; i < spans.length; i += 2) {
    if ((spans[i] as number) <= from && to <= (spans[i + 1] as number)) return spans
  }
  const pairs: [number, number][] = [[from, to]]
  for (let i = 0; i < spans.length; i += 2) pairs.push([spans[i] as number, spans[i + 1] as number])
  pairs.sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [start, end] of pairs) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1] + JOIN_MS) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  while (merged.length > MAX_SPANS) {
    let nearest = 1
    const gap = (i: number): number => (merged[i]?.[0] ?? 0) - (merged[i - 1]?.[1] ?? 0)
    for (let i = 2; i < merged.length; i++) if (gap(i) < gap(nearest)) nearest = i
    const [[start], [, end]] = merged.slice(nearest - 1, nearest + 1) as [[number, number], [number, number]]
    merged.splice(nearest - 1, 2, [start, end])
  }
  return merged.flat()
}

export function coveredMs(spans: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < spans.length; i += 2) sum += (spans[i + 1] as number) - (spans[i] as number)
  return sum
}
