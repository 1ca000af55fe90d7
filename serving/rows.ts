/** The rows of home, each a way of choosing: what to go on with, what fits, what is like the last, what others watch. */
import type { Catalogue } from '#serving/catalogue.ts'
import type { Page, Pick } from '#serving/page.ts'
import type { Popular } from '#serving/popular.ts'
import type { Row, Source } from '#serving/ports.ts'
import type { Ranking } from '#serving/rank.ts'
import { likeness } from '#serving/similar.ts'
import type { Together } from '#serving/together.ts'
import { DONE_SHARE, type ViewerState } from '#serving/viewer.ts'

export type HomeInputs = {
  readonly catalogue: Catalogue
  readonly together: Together
  readonly popular: Popular
  readonly viewer: ViewerState
  readonly ranking: Ranking
  readonly page: Page
  readonly now: number
}

const ROW = 12
const FOR_YOU = 18
const DAY_MS = 86_400_000

/** In the order of the page. */
export function homeRows(inputs: HomeInputs): Row[] {
  const { page } = inputs
  const begun = continueWatching(inputs)
  const because = becauseYouWatched(inputs)
  const wanted = inputs.ranking.personal
    ? page.pick(inputs.ranking.scores, FOR_YOU + ROW, inputs.ranking.source)
    : []
  const [forYou, like] = takeTurns(wanted, FOR_YOU, because?.picks ?? [], ROW)
  const rows = [
    begun,
    page.row('for-you', 'For you', forYou),
    page.row('because-you-watched', because?.name ?? '', like),
    popularNow(inputs),
    newTitles(inputs),
    ...genreRows(inputs),
  ]
  return rows.filter((row) => row.slots.length > 0)
}

/** Two rows that want the same titles take turns, each its best one left. */
function takeTurns(
  first: readonly Pick[],
  firstCount: number,
  second: readonly Pick[],
  secondCount: number,
): [Pick[], Pick[]] {
  const taken = new Set<number>()
  const rows: [Pick[], Pick[]] = [[], []]
  const sides = [
    { wanted: first, row: rows[0], count: firstCount, at: 0 },
    { wanted: second, row: rows[1], count: secondCount, at: 0 },
  ]
  for (let turn = 0; turn < 2 * Math.max(firstCount, secondCount); turn++) {
    const side = sides[turn % 2] as (typeof sides)[number]
    if (side.row.length === side.count) continue
    while (taken.has(side.wanted[side.at]?.title ?? -1)) side.at++
    const pick = side.wanted[side.at]
    if (pick === undefined) continue
    taken.add(pick.title)
    side.row.push(pick)
  }
  return rows
}

/** Begun and not finished, the last first. */
function continueWatching({ catalogue, viewer, page }: HomeInputs): Row {
  const begun = viewer.watched.filter(({ title, positionMs, completed }) => {
    const length = catalogue.titles[title]?.durationMs ?? null
    return !completed && positionMs > 0 && length !== null && positionMs < length * DONE_SHARE
  })
  const picks = begun
    .slice(0, ROW)
    .map(({ title }, place): Pick => ({ title, source: 'history', score: 1 / (1 + place) }))
  return page.row('continue-watching', 'Continue watching', picks)
}

/** Like the title last watched or loved, whichever came later. */
function becauseYouWatched(inputs: HomeInputs): { name: string; picks: Pick[] } | null {
  const { catalogue, viewer } = inputs
  const disliked = new Set(
    viewer.said
      .filter(({ stars, dismissed }) => dismissed || (stars > 0 && stars <= 2))
      .map(({ title }) => title),
  )
  const watched = viewer.watched.find(({ meant, title }) => meant && !disliked.has(title))
  const loved = viewer.said.find(({ stars, title }) => stars >= 4 && !disliked.has(title))
  const wanted = (loved?.at ?? -1) > (watched?.at ?? -1) ? loved : watched
  if (wanted === undefined) return null
  const verb = wanted === watched ? 'watched' : 'liked'
  return {
    name: `Because you ${verb} ${catalogue.titles[wanted.title]?.name ?? ''}`,
    picks: likeTitle(inputs, wanted.title, FOR_YOU + ROW),
  }
}

/** Titles like this one, the likest first; where nothing is known, popularity decides. */
export function likeTitle(
  { catalogue, together, popular, page }: Omit<HomeInputs, 'ranking' | 'now' | 'viewer'>,
  title: number,
  count: number,
): Pick[] {
  const near = new Set<number>()
  together(title, (other) => near.add(other))
  const scores = likeness(catalogue, together, [{ title, weight: 1 }])
  for (let k = 0; k < scores.length; k++) {
    scores[k] =
      (scores[k] as number) + 0.01 * (popular.scores[k] as number) + 0.02 * (catalogue.playable[k] as number)
  }
  const shared = new Set(catalogue.titles[title]?.genres ?? [])
  return page
    .pick(scores, count + 1, 'popular')
    .filter((pick) => pick.title !== title)
    .slice(0, count)
    .map((pick) => ({ ...pick, source: sourceOf(catalogue, near, shared, pick.title) }))
}

function sourceOf(
  catalogue: Catalogue,
  near: ReadonlySet<number>,
  shared: ReadonlySet<string>,
  title: number,
): Source {
  if (near.has(title)) return 'co-watch'
  return catalogue.titles[title]?.genres.some((genre) => shared.has(genre)) === true ? 'genre' : 'popular'
}

function popularNow({ popular, page }: HomeInputs): Row {
  return page.row('popular', 'Popular now', page.pick(popular.lifted, ROW, 'popular'))
}

/** The newest first; score is the age in days, negative. */
function newTitles({ catalogue, page, now }: HomeInputs): Row {
  const picks: Pick[] = []
  for (const title of catalogue.newest) {
    if (picks.length === ROW) break
    const age = (now - (catalogue.titles[title]?.publishedAt ?? 0)) / DAY_MS
    if (page.free(title)) picks.push({ title, source: 'new', score: -age })
  }
  return page.row('new', 'New', picks)
}

/** Two genres: those watched most lately, else those most popular. */
function genreRows({ catalogue, viewer, ranking, page }: HomeInputs): Row[] {
  const weight = new Map<string, number>()
  for (const { title, meant } of viewer.watched.slice(0, 30)) {
    const genre = catalogue.titles[title]?.genres[0]
    if (meant && genre !== undefined) weight.set(genre, (weight.get(genre) ?? 0) + 1)
  }
  if (weight.size < 2) {
    for (const { title, score } of page.pick(ranking.scores, 40, 'popular')) {
      const genre = catalogue.titles[title]?.genres[0]
      if (genre !== undefined) weight.set(genre, (weight.get(genre) ?? 0) + 0.01 + 0.001 * Math.max(0, score))
    }
  }
  const chosen = [...weight].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 2)
  return chosen.map(([genre]) => {
    const source = ranking.source === 'popular' ? 'genre' : ranking.source
    const picks = page.pick(ranking.scores, ROW, source, catalogue.byGenre.get(genre))
    return page.row(`genre-${genre.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`, genre, picks)
  })
}
