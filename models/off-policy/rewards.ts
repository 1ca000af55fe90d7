/**
 * A small model of rewards for the doubly robust estimate: the mean of each key (a title in a place), drawn towards the
 * mean of all by `PRIOR` rows. Cross-fitted: a row is never judged by what was learned from itself.
 */
export type Outcome = { readonly key: string; readonly reward: number }
export type ExpectedRewards = (key: string) => number

const PRIOR = 50

function learn(outcomes: readonly Outcome[]): ExpectedRewards {
  const sums = new Map<string, { sum: number; count: number }>()
  let all = 0
  for (const { key, reward } of outcomes) {
    const own = sums.get(key) ?? { sum: 0, count: 0 }
    sums.set(key, { sum: own.sum + reward, count: own.count + 1 })
    all += reward
  }
  const middle = outcomes.length === 0 ? 0 : all / outcomes.length
  return (key) => {
    const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 }
    return (sum + PRIOR * middle) / (count + PRIOR)
  }
}

/** For each row the model learned from the half it is not in: even rows from odd ones, and the other way round. */
export function crossFit(outcomes: readonly Outcome[]): (row: number) => ExpectedRewards {
  const halves = [0, 1].map((half) => learn(outcomes.filter((_, row) => row % 2 === half)))
  return (row) => halves[1 - (row % 2)] as ExpectedRewards
}
