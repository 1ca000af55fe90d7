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
import { expectSampled, judgeSampled } from '#models/evaluate/sampled.ts'
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
import { chooseSettings, judgeBy } from '#models/search.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'

const OWN_COPY = path.join(import.meta.dirname, '../../shared/data/movielens-100k')
const SEED = 1
const TOP = 10
const BLENDED = ['ease', 'als', 'bpr', 'ncf']
const BLEND_SEEDS = 5
const BAR = { hr: 0.615, ndcg: 0.34 }

/** Kinds, and how many settings of each are tried, the defaults first: few of those that take long. */
const KINDS: readonly (readonly [kind: ModelKind<object>, tries: number])[] = [
  [itemKnn, 5],
  [ease, 9],
  [als, 6],
  [bpr, 4],
  [gmf, 1],
  [mlp, 1],
  [ncf, 6],
]

type Line = {
  readonly model: string
  readonly hrSampled: number
  readonly ndcgSampled: number
  /** Of one draw of negatives above; over all draws here. */
  readonly hrExpected: number
  readonly ndcgExpected: number
  readonly recallFull: number
  readonly ndcgFull: number
  readonly settings?: unknown
}
type Chosen = readonly (readonly [kind: ModelKind<object>, settings: object])[]

async function choose(inner: TimeSplit): Promise<Chosen> {
  const chosen: [ModelKind<object>, object][] = []
  for (const [kind, tries] of KINDS) {
    const { settings, value } = await chooseSettings(kind, inner, { seed: SEED, threads: 1, tries })
    console.log(`${kind.name}: ${JSON.stringify(settings)}, ndcg@10 ${value.toFixed(4)} where it was chosen`)
    chosen.push([kind, settings])
  }
  return chosen
}

/** Each kind learned from what came before, and the blend of some, its shares chosen where the settings were. */
async function learn(split: TimeSplit, inner: TimeSplit, chosen: Chosen, seed: number) {
  const scorers: Record<string, Scorer> = {}
  const [onInner, onAll]: [Record<string, Scorer>, Record<string, Scorer>] = [{}, {}]
  for (const [kind, settings] of chosen) {
    const task = { settings, seed, threads: 1 }
    const { scores } = await kind.fit({ ...task, interactions: split.before })
    scorers[kind.name] = scores
    if (!BLENDED.includes(kind.name)) continue
    onAll[kind.name] = scores
    onInner[kind.name] = (await kind.fit({ ...task, interactions: inner.before })).scores
  }
  const weights = chooseWeights(onInner, inner)
  const seen = new Map(judgedViewers(split).map((one) => [one.viewer, one.seen]))
  scorers['blend'] = blendScores(onAll, weights, (viewer) => seen.get(viewer) ?? new Set())
  return { scorers, weights }
}

async function tableOf(split: TimeSplit, inner: TimeSplit, chosen: Chosen): Promise<Line[]> {
  const judged = judgedViewers(split)
  const titles = split.before.titles.length
  const { scorers, weights } = await learn(split, inner, chosen, SEED)
  const popularity = countViewers(split.before)
  const settingsOf = new Map<string, unknown>(chosen.map(([kind, own]) => [kind.name, own]))
  settingsOf.set('blend', weights)
  const all: Record<string, Scorer> = { popularity: () => popularity, ...scorers }
  return Object.entries(all).map(([model, scores]) => {
    const full = judged.map((one) => judge(scores(one.viewer), one, TOP))
    const sampled = judgeSampled(scores, judged, { titles, seed: SEED })
    const expected = expectSampled(scores, judged, { titles })
    return {
      model,
      hrSampled: sampled.hitRate,
      ndcgSampled: sampled.ndcg,
      hrExpected: expected.hitRate,
      ndcgExpected: expected.ndcg,
      recallFull: mean(full.map(({ recall }) => recall)),
      ndcgFull: mean(full.map(({ ndcg }) => ndcg)),
      ...(settingsOf.has(model) ? { settings: settingsOf.get(model) } : {}),
    }
  })
}

/** Full NDCG@10 of the blend and of its best part, one a seed. */
async function blendOverSeeds(split: TimeSplit, inner: TimeSplit, chosen: Chosen) {
  const parts = chosen.filter(([kind]) => BLENDED.includes(kind.name))
  const value = judgeBy(split)
  const found: { readonly blend: number; readonly best: number }[] = []
  for (let seed = 1; seed <= BLEND_SEEDS; seed++) {
    const { scorers } = await learn(split, inner, parts, seed)
    const of = (name: string): number => value(scorers[name] as Scorer)
    found.push({ blend: of('blend'), best: Math.max(...BLENDED.map(of)) })
  }
  return found
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
  for (const { model, recallFull, ndcgFull, ...sampled } of lines) {
    const { hrSampled, ndcgSampled, hrExpected, ndcgExpected } = sampled
    const [r, n, hs, ns, he, ne] = [
      recallFull,
      ndcgFull,
      hrSampled,
      ndcgSampled,
      hrExpected,
      ndcgExpected,
    ].map((x) => x.toFixed(4))
    const full = `${model.padEnd(12)} full recall@10 ${r} ndcg@10 ${n}`
    console.log(`${full}   99 sampled hr@10 ${hs} ndcg@10 ${ns}, over all draws ${he} ${ne}`)
  }
}

export async function bench(folder = OWN_COPY): Promise<Record<string, unknown>> {
  const all = await readRatings(folder)
  const split = leaveOneOut(all)
  const inner = leaveOneOut(split.before)
  const chosen = await choose(inner)
  const table = await tableOf(split, inner, chosen)
  print('leave-one-out by time', table)
  const later = byMoment(all, 0.8)
  const earlier = byMoment(later.before, 0.875)
  const timeTable = await tableOf(later, earlier, await choose(earlier))
  print('one moment for everybody, four fifths of the ratings before it', timeTable)
  const blends = await blendOverSeeds(split, inner, chosen)
  const own = table.find(({ model }) => model === 'ncf') as Line
  return {
    bench: 'movielens',
    hrSampled: own.hrSampled,
    ndcgSampled: own.ndcgSampled,
    hrFull: own.recallFull,
    ndcgFull: own.ndcgFull,
    table,
    timeTable,
    blends,
    blendBeatsParts: blends.filter(({ blend, best }) => blend > best).length / blends.length,
    ratio: own.ndcgSampled / BAR.ndcg,
    against: 'NeuMF as published for this protocol: HR@10 .615, NDCG@10 .340',
    bar: 1,
    pass: own.hrSampled >= BAR.hr && own.ndcgSampled >= BAR.ndcg,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench(process.argv[2])))
