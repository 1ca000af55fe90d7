/**
 * How much of the way from popularity to the truth a model goes. The demo world's tastes are known, so the ranking by
 * true taste is too; both are measured as any model is: on later plays, the full catalogue ranked.
 */
import { required } from '#base/assert.ts'
import { type HistoryInput, secretsOf } from '#demo/history.ts'
import { playsOf, validInteractions } from '#demo/plays.ts'
import { liking } from '#demo/tastes.ts'
import type { Interactions } from '#features/interactions.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import { judgedViewers } from '#models/evaluate/split.ts'
import type { ModelKind } from '#models/model.ts'
import { countDecayed, countViewers } from '#models/popularity/popularity.ts'
import { chooseSettings, judgeBy } from '#models/search.ts'
import { splitTwice } from '#models/train.ts'

export type GapLine = {
  readonly model: string
  /** NDCG@10 on later plays. */
  readonly ndcg: number
  /** Share of the way from the stronger popularity to the ranking by true taste. */
  readonly closed: number
  readonly settings?: unknown
}
export type Gap = { readonly judged: number; readonly lines: readonly GapLine[] }

/** Settings are chosen on a validation period before the split only. */
export async function measureGap(
  world: HistoryInput,
  kinds: readonly ModelKind<object>[],
  options: { readonly seed: number; readonly threads: number; readonly tries: number },
): Promise<Gap> {
  const { split, inner } = splitTwice(validInteractions(playsOf(world)))
  const { before, splitAt } = split
  const ndcgOf = judgeBy(split)
  const [plain, decayed] = [countViewers(before), countDecayed(before, splitAt)]
  const truths = oraclesOf(world, before)
  const measured: Omit<GapLine, 'closed'>[] = [
    { model: 'popularity', ndcg: ndcgOf(() => plain) },
    { model: 'popularity-decayed', ndcg: ndcgOf(() => decayed) },
    { model: 'true taste', ndcg: ndcgOf(truths.taste) },
    { model: 'true taste and what is shown', ndcg: ndcgOf(truths.tasteAndShown) },
  ]
  const [low, , high] = measured.map(({ ndcg }) => ndcg) as [number, number, number]
  const base = Math.max(low, (measured[1] as GapLine).ndcg)
  for (const kind of kinds) {
    const { settings } = await chooseSettings(kind, inner, options)
    const fitted = await kind.fit({ interactions: before, settings, ...options })
    measured.push({ model: kind.name, ndcg: ndcgOf(fitted.scores), settings })
  }
  return {
    judged: judgedViewers(split).length,
    lines: measured.map((line) => ({ ...line, closed: (line.ndcg - base) / (high - base) })),
  }
}

/** The second knows what viewers were shown too: what they play is what they like of what they see. */
function oraclesOf(world: HistoryInput, before: Interactions): Record<'taste' | 'tasteAndShown', Scorer> {
  const { viewers, shown } = secretsOf(world)
  const byKey = new Map(viewers.map((viewer) => [viewer.key, viewer]))
  const byId = new Map(world.catalogue.map((title) => [title.id, title]))
  const titles = before.titles.map((id) => required(byId.get(id), 'title'))
  const viewerOf = (viewer: number) => required(byKey.get(before.viewers[viewer] as string), 'viewer')
  return {
    taste: (viewer) => Float64Array.from(titles, (title) => liking(viewerOf(viewer), title)),
    tasteAndShown: (viewer) => {
      const who = viewerOf(viewer)
      return Float64Array.from(
        titles,
        (title) => liking(who, title) / who.whim + Math.log(required(shown.get(title.id), 'title')),
      )
    },
  }
}
