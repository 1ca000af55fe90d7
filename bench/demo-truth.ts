/**
 * What is learned in the demo world against what is true there, since its tastes are known: (1) how much of the way from
 * popularity to the ranking by true taste NCF goes, (2) labels that know of stalls against labels that do not, as stalls
 * rise, (3) how often a 95 % interval from another policy's log holds the truth.
 * usage: npm run bench -- demo-truth [--worlds 3] [--logs 1000]
 */
import { parseArgs } from 'node:util'
import { createCatalogue } from '#demo/catalogue.ts'
import { demoWorld } from '#demo/plays.ts'
import { type Gap, measureGap } from '#demo/proof/gap.ts'
import { AWARE, compareLabels, gainOf, type LabelledWorld, NAIVE } from '#demo/proof/labels.ts'
import { measureCoverage } from '#demo/proof/off-policy.ts'
import { als } from '#models/als/als.ts'
import { ease } from '#models/ease/ease.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import type { ModelKind } from '#models/model.ts'
import { ncf } from '#models/ncf/fit.ts'

const BAR = { closed: 0.5, covered: 93 }
const KINDS: readonly ModelKind<object>[] = [ncf, ease, als]
const TRIES = 4
/** Share of plays that wait early on, and share of those whose viewers then leave. */
const STALLS = [0, 0.25, 0.5, 0.75]
const LEAVE = 0.8
/** One length for all labels, from the validation of the plain demo world: the labels are compared, not tuned. */
const LABEL_SETTINGS = { ...ncf.defaults, epochs: 4 }
const catalogue = createCatalogue(1)

const to4 = (value: number): string => value.toFixed(4)
const signed = (value: number): string => (value >= 0 ? '+' : '') + to4(value)

async function closeGap(
  seeds: readonly number[],
): Promise<readonly { model: string; ndcg: number; closed: number }[]> {
  const gaps: Gap[] = []
  for (const seed of seeds) {
    gaps.push(await measureGap(demoWorld(catalogue, { seed }), KINDS, { seed, threads: 1, tries: TRIES }))
  }
  const [first] = gaps
  const table = (first as Gap).lines.map(({ model }, k) => {
    const lines = gaps.map(({ lines: own }) => own[k] as Gap['lines'][number])
    return {
      model,
      ndcg: mean(lines.map(({ ndcg }) => ndcg)),
      closed: mean(lines.map(({ closed }) => closed)),
    }
  })
  console.log(
    `\nthe way from popularity to true taste, ${seeds.length} worlds, ${(first as Gap).judged} viewers judged`,
  )
  for (const { model, ndcg, closed } of table) {
    console.log(
      `${model.padEnd(30)} ndcg@10 ${to4(ndcg)}   ${(100 * closed).toFixed(0).padStart(4)} % of the way`,
    )
  }
  return table
}

type Gain = {
  readonly label: string
  readonly over: string
  readonly value: number
  readonly low: number
  readonly high: number
}

async function labelStalls(seeds: readonly number[]) {
  console.log(
    '\nlabels as stalls rise: NCF, ndcg@10, and aware against naive labels (95 %, paired over viewers)',
  )
  const table = []
  for (const share of STALLS) {
    const worlds: LabelledWorld[] = []
    for (const seed of seeds) {
      const world = demoWorld(catalogue, { seed, stalls: { share, leave: LEAVE } })
      worlds.push(await compareLabels(world, ncf, { settings: LABEL_SETTINGS, seed, threads: 1 }))
    }
    const cut = mean(worlds.map((world) => world.cut))
    const ndcg = Object.fromEntries(
      [...NAIVE, ...AWARE].map((name) => [name, mean(worlds.flatMap((world) => world.ndcg[name]))]),
    )
    const gains: Gain[] = AWARE.flatMap((label) =>
      NAIVE.map((over) => ({ label, over, ...gainOf(worlds, label, over) })),
    )
    table.push({ stalled: share, cut, ndcg, gains })
    const all = Object.entries(ndcg).map(([name, value]) => `${name} ${to4(value)}`)
    console.log(`${(100 * cut).toFixed(0)} % of plays cut: ${all.join(', ')}`)
    for (const { label, over, value, low, high } of gains) {
      const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'not surely different'
      console.log(`  ${label} over ${over}: ${signed(value)} [${signed(low)}, ${signed(high)}] ${verdict}`)
    }
  }
  return table
}

export async function bench(): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: process.argv.slice(process.argv[1]?.endsWith('run.ts') === true ? 3 : 2),
    options: { worlds: { type: 'string', default: '3' }, logs: { type: 'string', default: '1000' } },
  })
  const seeds = Array.from({ length: Number(values.worlds) }, (_, k) => k + 1)
  const gap = await closeGap(seeds)
  const labels = await labelStalls(seeds)
  const logs = { logs: Number(values.logs), decisions: 2000, seed: 1 }
  const offPolicy = measureCoverage(demoWorld(catalogue), logs)
  const { truth, logged, covered, withoutChances, sound } = offPolicy
  console.log(
    `\n${logs.logs} logs of ${logs.decisions} decisions, ${sound} called sound: truth ${to4(truth)}, logged ${to4(logged)}`,
  )
  for (const [name, count] of Object.entries(covered)) {
    console.log(`${name.padEnd(6)} ${count.toFixed(1)} of 100 intervals hold the truth`)
  }
  console.log(`chances forgotten: ${withoutChances.toFixed(1)} of 100`)
  const closed = gap.find(({ model }) => model === ncf.name)?.closed ?? 0
  const atMost = labels.at(-1)?.gains.filter(({ label }) => label === 'expected') ?? []
  const pass =
    closed >= BAR.closed &&
    atMost.every(({ low }) => low > 0) &&
    Object.values(covered).every((count) => count >= BAR.covered)
  return {
    bench: 'demo-truth',
    ratio: closed / BAR.closed,
    against: 'half of the way from popularity to the ranking by true taste',
    bar: 1,
    pass,
    gap,
    labels,
    offPolicy,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
