/** Stretches of content, ms, as SQL over arrays of (begin, end): which content, each part once. */

/** Parts closer than this are one: clocks and timelines differ by a few frames. */
const JOIN_MS = 120

/** Joins what touches or overlaps; `list` may come in any order and hold things twice. */
export const merged = (list: string): string =>
  `arrayFold((done, x) -> if(length(done) > 0 AND x.1 <= done[-1].2 + ${JOIN_MS}, ` +
  `arrayConcat(arrayPopBack(done), [(done[-1].1, greatest(done[-1].2, x.2))]), arrayPushBack(done, x)), ` +
  `arraySort(${list}), CAST([], 'Array(Tuple(UInt32, UInt32))'))`

/** Length of merged spans. */
export const lengthOf = (spans: string): string => `toUInt32(arraySum(arrayMap(s -> s.2 - s.1, ${spans})))`

/** How much of the spans `a` lies in the merged spans `b`. */
export const sharedBy = (a: string, b: string): string =>
  `toUInt32(arraySum(arrayMap(s -> arraySum(arrayMap(t -> ` +
  `greatest(0, toInt64(least(s.2, t.2)) - toInt64(greatest(s.1, t.1))), ${b})), ${a})))`
