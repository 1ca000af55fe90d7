/**
 * What a version must show before viewers get it. Kept with the version, so that anybody can read later why it was let
 * through, or was not.
 */
import type { Baseline, Evaluation } from '#models/evaluate/evaluate.ts'
import { signed } from '#models/evaluate/words.ts'

export type Gate = {
  readonly name: string
  readonly passed: boolean
  /** What was asked and what came out. */
  readonly why: string
}

/** The version before viewers, in the table of baselines: its recipe, learned from the same plays. */
export const CHAMPION = 'champion'

const said = ({ name, gap }: Baseline): string =>
  gap === undefined
    ? `no comparison with ${name} was made`
    : `ndcg@10 ${signed(gap.value)} [${signed(gap.low)}, ${signed(gap.high)}] against ${name}`

/** The whole interval of the difference lies above zero. */
const surelyAbove = (baseline: Baseline): boolean => (baseline.gap?.low ?? -1) > 0
/** Not the whole interval lies below zero. */
const notSurelyBelow = (baseline: Baseline): boolean => (baseline.gap?.high ?? -1) >= 0

export function gatesOf({ baselines }: Pick<Evaluation, 'baselines'>): Gate[] {
  const gate = (
    name: string,
    wanted: (name: string) => boolean,
    passes: (one: Baseline) => boolean,
  ): Gate => {
    const against = baselines.filter((one) => wanted(one.name))
    return {
      name,
      passed: against.every(passes) && (against.length > 0 || name !== 'above popularity'),
      why: against.map(said).join('; ') || 'nothing to compare with',
    }
  }
  return [
    gate('above popularity', (name) => name.startsWith('popularity'), surelyAbove),
    gate('not below ease', (name) => name === 'ease', notSurelyBelow),
    gate('not below the champion', (name) => name === CHAMPION, notSurelyBelow),
  ]
}

export const passesAll = (gates: readonly Gate[]): boolean => gates.every(({ passed }) => passed)
