/**
 * Every kind of model on people's real ratings: MovieLens-100K (GroupLens; your own copy, never part of this
 * repository). Two protocols: leave-one-out as in the papers (full ranking first, and the papers' 99 sampled negatives,
 * which flatter), and one moment for everybody. Settings are chosen on a validation part of what came before only.
 * usage: node bench/movielens.ts [folder with u.data]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { createImports } from '#features/import/imports.ts'
import type { Interactions } from '#features/interactions.ts'
import { als } from '#models/als/als.ts'
import { blendScores, chooseWeights } from '#models/blend/blend.ts'
import { ease } from '#models/ease/ease.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import { judge, type Scorer } from '#models/evaluate/ranking.ts'
import { judgeSampled } from '#models/evaluate/sampled.ts'
import {
  judgedViewers,
  leaveOneOut,
  momentAt,
  splitAtMoment,
  type TimeSplit,
} from '#models/evaluate/split.ts'
import { itemKnn } from '#models/item-knn/item-knn.ts'
import type { ModelKind } from '#models/model.ts'
import { gmf, mlp, ncf } from '#models/ncf/fit.ts'
import { bpr } from '#models/pairs/pairs.ts'
import { countViewers } from '#models/popularity/popularity.ts'
import { chooseSettings } from '#models/search.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'

const OWN_COPY = path.join(import.meta.dirname, '../../shared/data/movielens-100k')
const SEED = 1
const TOP = 10
const BLENDED = ['ease', 'als', 'bpr', 'ncf']
/** Fits per kind, the defaults first. */
const TRIES = 1
const BAR = { hr: 0.615, ndcg: 0.34 }

const KINDS: readonly ModelKind<object>[] = [itemKnn, ease, als, bpr, gmf, mlp, ncf]

type Line = {
  readonly model: string
  readonly hrSampled: number
  readonly ndcgSampled: number
  readonly recallFull: number
  readonly ndcgFull: number
  readonly settings?: unknown
}

async function tableOf(split: TimeSplit, inner: TimeSplit, seed: number): Promise<Line[]> {
  const judged = judgedViewers(split)
  const titles = split.before.titles.length
  const line = (model: string, scores: Scorer, settings?: unknown): Line => {
    const full = judged.map((one) => judge(scores(one.viewer), one, TOP))
    const sampled = judgeSampled(scores, judged, { titles, seed })
    return {
      model,
      hrSampled: sampled.hitRate,
      ndcgSampled: sampled.ndcg,
      recallFull: mean(full.map(({ recall }) => recall)),
      ndcgFull: mean(full.map(({ ndcg }) => ndcg)),
      ...(settings === undefined ? {} : { settings }),
    }
  }
  const popularity = countViewers(split.before)
  const lines = [line('popularity', () => popularity)]
  const [onInner, onAll]: [Record<string, Scorer>, Record<string, Scorer>] = [{}, {}]
  for (const kind of KINDS) {
    const { settings } = await chooseSettings(kind, inner, { seed, threads: 1, tries: TRIES })
    const fitted = await kind.fit({ interactions: split.before, settings, seed, threads: 1 })
    lines.push(line(kind.name, fitted.scores, settings))
    if (!BLENDED.includes(kind.name)) continue
    onAll[kind.name] = fitted.scores
    onInner[kind.name] = (await kind.fit({ interactions: inner.before, settings, seed, threads: 1 })).scores
  }
  const weights = chooseWeights(onInner, inner)
  const seen = new Map(judged.map((one) => [one.viewer, one.seen]))
  const blended = blendScores(onAll, weights, (viewer) => seen.get(viewer) ?? new Set())
  return [...lines, line('blend', blended, weights)]
}

/** Read by the import. A rating says the viewer watched it, whatever it says; of equal moments the larger item is later. */
async function readRatings(folder: string): Promise<Interactions> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sv-bench-movielens-'))
  const engine = await openChdb({ dir: path.join(dir, 'engine'), log: silentLog })
  try {
    const imports = createImports({
      folder: path.join(dir, 'imports'),
      engine: async () => engine,
      viewerKey: (_, id) => id,
      children: async () => [],
      clock: systemClock,
    })
    const { manifest } = await imports.add({ tenantId: 'bench', from: folder, name: 'ratings' })
    console.log(`${manifest.known ?? 'not a published set'}: ${manifest.rows} ratings`)
    return watched(await imports.read('bench', 'ratings'))
  } finally {
    await engine.close()
    await rm(dir, { recursive: true })
  }
}

function watched({ viewers, titles, viewer, title, at }: Interactions): Interactions {
  const numbers = titles.map(Number)
  const order = Uint32Array.from(viewer, (_, k) => k).sort(
    (a, b) =>
      (at[a] as number) - (at[b] as number) ||
      (numbers[title[a] as number] as number) - (numbers[title[b] as number] as number) ||
      a - b,
  )
  return {
    viewers,
    titles,
    viewer: Int32Array.from(order, (k) => viewer[k] as number),
    title: Int32Array.from(order, (k) => title[k] as number),
    at: Float64Array.from(order, (k) => at[k] as number),
    strength: new Float32Array(order.length).fill(1),
  }
}

const byMoment = (interactions: Interactions, share: number): TimeSplit =>
  splitAtMoment(interactions, momentAt(interactions, share))

function print(title: string, lines: readonly Line[]): void {
  console.log(`\n${title}`)
  for (const { model, recallFull, ndcgFull, hrSampled, ndcgSampled } of lines) {
    const [r, n, hs, ns] = [recallFull, ndcgFull, hrSampled, ndcgSampled].map((x) => x.toFixed(4))
    console.log(`${model.padEnd(12)} full recall@10 ${r} ndcg@10 ${n}   sampled hr@10 ${hs} ndcg@10 ${ns}`)
  }
}

export async function bench(folder = OWN_COPY): Promise<Record<string, unknown>> {
  const all = await readRatings(folder)
  const split = leaveOneOut(all)
  const table = await tableOf(split, leaveOneOut(split.before), SEED)
  print('leave-one-out by time', table)
  const later = byMoment(all, 0.8)
  const timeTable = await tableOf(later, byMoment(later.before, 0.875), SEED)
  print('one moment for everybody, four fifths of the ratings before it', timeTable)
  const own = table.find(({ model }) => model === 'ncf') as Line
  return {
    bench: 'movielens',
    hrSampled: own.hrSampled,
    ndcgSampled: own.ndcgSampled,
    hrFull: own.recallFull,
    ndcgFull: own.ndcgFull,
    table,
    timeTable,
    ratio: own.ndcgSampled / BAR.ndcg,
    against: 'NeuMF as published for this protocol: HR@10 .615, NDCG@10 .340',
    bar: 1,
    pass: own.hrSampled >= BAR.hr && own.ndcgSampled >= BAR.ndcg,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench(process.argv[2])))
