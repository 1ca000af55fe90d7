/**
 * One score a title for one viewer. NCF where the model knows the viewer; what they watched since it was trained (or,
 * for viewers it has not met, everything) is folded in by likeness, so that a play counts on the very next page.
 */
import { candidatesFor } from '#serving/candidates.ts'
import type { Catalogue } from '#serving/catalogue.ts'
import type { Matched } from '#serving/matched.ts'
import { PLAYABLE_BONUS, type Popular } from '#serving/popular.ts'
import type { Source } from '#serving/ports.ts'
import { scaleToOne, standardise } from '#serving/scores.ts'
import { likeness, type Weighted } from '#serving/similar.ts'
import type { Together } from '#serving/together.ts'
import type { ViewerState } from '#serving/viewer.ts'

/** What the likest title to a fresh play gains: for viewers the model knows, and for others. */
const FRESH_WEIGHT = 1.5
const FOLD_IN_WEIGHT = 4
const POPULAR_WEIGHT = 0.5
const LATEST_PLAYS = 30
/** In deviations: below whatever is scored. */
const NOT_ASKED = -100

export type Ranking = {
  readonly scores: Float32Array
  readonly source: Source
  readonly personal: boolean
}

type RankInputs = {
  readonly catalogue: Catalogue
  readonly model: Matched | null
  readonly popular: Popular
  readonly together: Together
  readonly viewerKey: string | null
  readonly viewer: ViewerState
}

export async function rankFor(options: RankInputs): Promise<Ranking> {
  const { catalogue, model, popular, viewer } = options
  const known = options.viewerKey === null ? undefined : model?.session.viewerIndex.get(options.viewerKey)
  const since = known === undefined || model === null ? 0 : model.session.index.knowsUntil
  const folded = foldIn(catalogue, options.together, viewer, since)
  const scores = new Float32Array(catalogue.titles.length)
  if (model !== null && known !== undefined) {
    await scoreByModel({ ...options, model }, known, scores)
    if (folded !== null) add(scores, folded, FRESH_WEIGHT)
  } else {
    add(scores, popular.scores, folded === null ? 1 : POPULAR_WEIGHT)
    if (folded !== null) add(scores, folded, FOLD_IN_WEIGHT)
  }
  add(scores, catalogue.playable, PLAYABLE_BONUS)
  const source = known !== undefined ? 'ncf' : folded !== null ? 'fold-in' : 'popular'
  return { scores, source, personal: source !== 'popular' }
}

function add(scores: Float32Array, more: ArrayLike<number>, weight: number): void {
  for (let k = 0; k < scores.length; k++) scores[k] = (scores[k] as number) + weight * (more[k] as number)
}

/**
 * What the model says of the candidates, in deviations. Titles it does not know score as the mean of their main genre;
 * those it was not asked about stay behind all others.
 */
async function scoreByModel(
  inputs: RankInputs & { readonly model: Matched },
  viewer: number,
  scores: Float32Array,
): Promise<void> {
  const { catalogue, model } = inputs
  const { titles: asked, tensor } = candidatesFor(inputs)
  if (asked.length === 0) return
  const logits = await model.session.score(viewer, tensor)
  scores.fill(NOT_ASKED)
  for (let k = 0; k < asked.length; k++) scores[asked[k] as number] = logits[k] as number
  standardise(scores, asked)
  if (model.known.length === catalogue.titles.length) return
  const means = new Map<string | undefined, number>()
  for (let title = 0; title < scores.length; title++) {
    if ((model.modelTitle[title] as number) >= 0) continue
    const genre = catalogue.titles[title]?.genres[0]
    if (!means.has(genre)) means.set(genre, meanOfGenre(genre))
    scores[title] = means.get(genre) as number
  }

  function meanOfGenre(genre: string | undefined): number {
    const peers = genre === undefined ? undefined : catalogue.byGenre.get(genre)
    let sum = 0
    let count = 0
    for (const peer of peers ?? []) {
      if ((model.modelTitle[peer] as number) < 0 || scores[peer] === NOT_ASKED) continue
      sum += scores[peer] as number
      count++
    }
    return count === 0 ? 0 : sum / count
  }
}

/** Likeness to what was watched and rated after `since`, newest weighing most; null when there is nothing. */
function foldIn(
  catalogue: Catalogue,
  together: Together,
  viewer: ViewerState,
  since: number,
): Float32Array | null {
  const titles: Weighted[] = viewer.watched
    .filter(({ meant, at }) => meant && at > since)
    .slice(0, LATEST_PLAYS)
    .map(({ title }, place) => ({ title, weight: 1 / (1 + 0.3 * place) }))
  for (const { title, stars, dismissed, at } of viewer.said) {
    if (at <= since) continue
    if (stars >= 4) titles.push({ title, weight: 1 })
    else if ((stars > 0 && stars <= 2) || dismissed) titles.push({ title, weight: -0.5 })
  }
  return titles.length === 0 ? null : scaleToOne(likeness(catalogue, together, titles))
}
