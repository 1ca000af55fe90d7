/** Arithmetic on scores, one a title of the catalogue. */

/** Mean 0 and deviation 1, in place, over `among` (all titles without it); equal scores become 0. */
export function standardise(scores: Float32Array, among?: Int32Array): Float32Array {
  const n = among?.length ?? scores.length
  if (n === 0) return scores
  const at = (k: number): number => (among === undefined ? k : (among[k] as number))
  let sum = 0
  for (let k = 0; k < n; k++) sum += scores[at(k)] as number
  const mean = sum / n
  let square = 0
  for (let k = 0; k < n; k++) square += ((scores[at(k)] as number) - mean) ** 2
  const deviation = Math.sqrt(square / n)
  for (let k = 0; k < n; k++) {
    const title = at(k)
    scores[title] = deviation < 1e-9 ? 0 : ((scores[title] as number) - mean) / deviation
  }
  return scores
}

/** Makes the largest score 1; nothing above zero leaves it as it is. */
export function scaleToOne(scores: Float32Array): Float32Array {
  let most = 0
  for (let k = 0; k < scores.length; k++) most = Math.max(most, scores[k] as number)
  if (most > 0) for (let k = 0; k < scores.length; k++) scores[k] = (scores[k] as number) / most
  return scores
}

/** The `count` best titles that `may` be taken, of `among` where given, best first; equal scores go by index. */
export function best(
  scores: Float32Array,
  count: number,
  may: (title: number) => boolean,
  among?: Int32Array,
): number[] {
  const top: number[] = []
  let worst = Number.NEGATIVE_INFINITY
  const n = among?.length ?? scores.length
  for (let k = 0; k < n; k++) {
    const title = among === undefined ? k : (among[k] as number)
    const score = scores[title] as number
    if ((top.length === count && score <= worst) || !may(title)) continue
    let place = top.length
    while (place > 0 && (scores[top[place - 1] as number] as number) < score) place--
    top.splice(place, 0, title)
    if (top.length > count) top.pop()
    worst = scores[top.at(-1) as number] as number
  }
  return top
}
