/** Spans of a line, joined where they touch. */
export type Span = readonly [from: number, to: number]

const bySpan = (a: Span, b: Span): number => a[0] - b[0] || a[1] - b[1]

/** Sorted, with those that overlap or lie no more than `gap` apart made one. */
export function union(spans: readonly Span[], gap = 0): Span[] {
  const joined: [number, number][] = []
  for (const [from, to] of [...spans].sort(bySpan)) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1] + gap) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** In their order: one goes on from the last where it begins within `gap` of its end. */
export function chain(spans: readonly Span[], gap: number): Span[] {
  const joined: [number, number][] = []
  for (const [from, to] of spans) {
    const last = joined.at(-1)
    if (last !== undefined && Math.abs(from - last[1]) <= gap) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

export const lengthOf = (spans: readonly Span[]): number =>
  spans.reduce((sum, [from, to]) => sum + to - from, 0)
