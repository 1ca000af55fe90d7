/**
 * Does NeuMF learn on people's real ratings? MovieLens-100K (GroupLens; your own copy, never part of this repository),
 * full-catalogue ranking, NDCG@10 against popularity and co-watch neighbours. Each viewer's last tenth is held out:
 * these viewers rated in one sitting, so one moment for all would leave hardly anyone with a past and a future.
 * usage: node bench/movielens.ts [folder with u.data]
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { encodeInteractions, type InteractionRow } from '#features/interactions.ts'
import { evaluate } from '#models/evaluate/evaluate.ts'
import { selectInteractions, type TimeSplit } from '#models/evaluate/split.ts'
import type { NeumfSettings } from '#models/kernels/trainer.ts'
import { chooseEpochs, fitNcf, NCF_DEFAULTS } from '#models/ncf/fit.ts'
import { findNeighbours } from '#models/neighbours.ts'
import { countViewers } from '#models/popularity/popularity.ts'

const HELD_OUT = 0.1
const SEED = 1

export async function bench(
  folder: string,
  settings: NeumfSettings = NCF_DEFAULTS,
): Promise<Record<string, unknown>> {
  const rows = readRatings(await readFile(path.join(folder, 'u.data'), 'utf8'))
  const split = holdOutLast(rows)
  const inner = holdOutLast(rows.filter((row) => isBefore(split, row)))
  const fit = { settings, seed: SEED, threads: 1 }
  const began = performance.now()
  const { epochs } = await chooseEpochs(inner, { ...fit, epochs: 40 })
  const trainer = await fitNcf({ ...fit, interactions: split.before, epochs })
  const trainMs = Math.round(performance.now() - began)
  try {
    const popularity = countViewers(split.before)
    const { metrics, baselines, judgedViewers } = evaluate({
      split,
      model: (viewer) => trainer.scores(viewer),
      baselines: { popularity: () => popularity },
      seed: SEED,
    })
    const [ndcg] = metrics
    const rival = evaluate({ split, model: neighbourScorer(split), baselines: {}, seed: SEED })
    return {
      bench: 'movielens',
      viewers: judgedViewers,
      ndcg10: ndcg?.value,
      low: ndcg?.low,
      high: ndcg?.high,
      popularity: baselines[0]?.metrics[0]?.value,
      coWatch: rival.metrics[0]?.value,
      difference: ndcg?.difference,
      differenceLow: ndcg?.differenceLow,
      epochs,
      trainMs,
      against: 'popularity, full ranking',
      bar: 'difference interval above zero',
      pass: (ndcg?.differenceLow ?? -1) > 0,
      ratio: (ndcg?.value ?? 0) / (baselines[0]?.metrics[0]?.value ?? 1),
    }
  } finally {
    await trainer.close()
  }
}

/** `user \t item \t rating \t seconds`: a rating says the viewer watched it. */
function readRatings(text: string): InteractionRow[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([user, item, , seconds]) => ({
      viewerKey: `u${user}`,
      titleId: `i${item}`,
      at: Number(seconds) * 1000,
      strength: 1,
    }))
    .sort(
      (a, b) => a.at - b.at || a.viewerKey.localeCompare(b.viewerKey) || a.titleId.localeCompare(b.titleId),
    )
}

const keyOf = ({ viewerKey, titleId }: InteractionRow): string => `${viewerKey} ${titleId}`
const beforeKeys = new WeakMap<TimeSplit, Set<string>>()
const isBefore = (split: TimeSplit, row: InteractionRow): boolean =>
  beforeKeys.get(split)?.has(keyOf(row)) === true

function holdOutLast(rows: readonly InteractionRow[]): TimeSplit {
  const byViewer = Map.groupBy(rows, (row) => row.viewerKey)
  const before = new Set<string>()
  for (const own of byViewer.values()) {
    for (const row of own.slice(0, Math.ceil(own.length * (1 - HELD_OUT)))) before.add(keyOf(row))
  }
  const all = encodeInteractions(rows)
  const split = {
    splitAt: Number.NaN,
    before: selectInteractions(all, (k) => before.has(keyOf(rows[k] as InteractionRow))),
    after: selectInteractions(all, (k) => !before.has(keyOf(rows[k] as InteractionRow))),
  }
  beforeKeys.set(split, before)
  return split
}

function neighbourScorer({ before }: TimeSplit): (viewer: number) => Float64Array {
  const { perTitle, titles, weights } = findNeighbours(before)
  const watched: number[][] = before.viewers.map(() => [])
  before.viewer.forEach((viewer, k) => watched[viewer]?.push(before.title[k] as number))
  return (viewer) => {
    const scores = new Float64Array(before.titles.length)
    for (const title of watched[viewer] as number[]) {
      for (let k = title * perTitle; k < (title + 1) * perTitle; k++) {
        const other = titles[k] as number
        if (other >= 0) scores[other] = (scores[other] as number) + (weights[k] as number)
      }
    }
    return scores
  }
}

if (import.meta.main) {
  const folder = process.argv[2] ?? path.join(import.meta.dirname, '../../shared/data/movielens-100k')
  console.log(JSON.stringify(await bench(folder)))
}
