/**
 * A blend: the weighted sum of several models' scores, each brought to mean 0 and deviation 1 over the titles a viewer
 * has not watched. Weights are chosen on a held-out period, by walking from the best single model.
 */
import { mean } from '#models/evaluate/bootstrap.ts'
import { judge, type Scorer } from '#models/evaluate/ranking.ts'
import { type Judged, judgedViewers, type TimeSplit } from '#models/evaluate/split.ts'

/** Share of each part, by name; they sum to 1. */
export type BlendWeights = Readonly<Record<string, number>>

/** The viewer's scores over unseen titles with mean 0 and deviation 1; seen titles as they come out. */
export function standardised(scores: ArrayLike<number>, seen: ReadonlySet<number>): Float64Array {
  let [sum, squares, count] = [0, 0, 0]
  for (let k = 0; k < scores.length; k++) {
    if (seen.has(k)) continue
    const score = scores[k] as number
    sum += score
    squares += score * score
    count++
  }
  const middle = count === 0 ? 0 : sum / count
  const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, count) - middle * middle)) || 1
  return Float64Array.from(scores, (score) => (score - middle) / deviation)
}

/** One scorer out of several. `seen` is what each viewer had watched. */
export function blendScores(
  parts: Readonly<Record<string, Scorer>>,
  weights: BlendWeights,
  seen: (viewer: number) => ReadonlySet<number>,
): Scorer {
  const used = Object.entries(weights).filter(([, weight]) => weight !== 0)
  return (viewer) => {
    const watched = seen(viewer)
    let sum: Float64Array | null = null
    for (const [name, weight] of used) {
      const own = standardised((parts[name] as Scorer)(viewer), watched)
      if (sum === null) sum = own.map((score) => score * weight)
      else for (let k = 0; k < own.length; k++) sum[k] = (sum[k] as number) + weight * (own[k] as number)
    }
    return sum as Float64Array
  }
}

const TOP = 10
/** Shares move by these, coarse to fine. */
const MOVES = [0.3, 0.1, 0.05] as const

/** Weights under which the held-out period's NDCG@10 is highest, found by coordinate moves on the simplex. */
export function chooseWeights(parts: Readonly<Record<string, Scorer>>, split: TimeSplit): BlendWeights {
  const names = Object.keys(parts)
  const judged = judgedViewers(split)
  const rows = new Map(
    names.map((name) => [
      name,
      judged.map((one) => standardised((parts[name] as Scorer)(one.viewer), one.seen)),
    ]),
  )
  const valueOf = (weights: BlendWeights): number =>
    mean(
      judged.map((one: Judged, k) => {
        const sum = new Float64Array(split.before.titles.length)
        for (const name of names) {
          const weight = weights[name] as number
          const own = rows.get(name)?.[k] as Float64Array
          if (weight !== 0)
            for (let t = 0; t < sum.length; t++) sum[t] = (sum[t] as number) + weight * (own[t] as number)
        }
        return judge(sum, one, TOP).ndcg
      }),
    )
  const alone = (name: string): BlendWeights =>
    Object.fromEntries(names.map((one) => [one, one === name ? 1 : 0]))
  let best = names
    .map((name) => ({ weights: alone(name), value: valueOf(alone(name)) }))
    .reduce((a, b) => (b.value > a.value ? b : a))
  for (const move of MOVES) {
    for (let better = true; better; ) {
      better = false
      for (const name of names) {
        for (const by of [move, -move]) {
          const weights = shifted(best.weights, name, by)
          const value = weights === null ? 0 : valueOf(weights)
          if (weights === null || value <= best.value + 1e-9) continue
          best = { weights, value }
          better = true
        }
      }
    }
  }
  return best.weights
}

/** `name` gains or gives `by`; all are scaled to sum to 1 again. Null where that leaves the simplex. */
function shifted(weights: BlendWeights, name: string, by: number): BlendWeights | null {
  const own = (weights[name] as number) + by
  if (own < 0) return null
  const sum = 1 + by
  if (sum <= 0) return null
  return Object.fromEntries(
    Object.entries(weights).map(([one, weight]) => [one, (one === name ? own : weight) / sum]),
  )
}
