/** Hidden tastes: what each simulated viewer likes, and how much a title is to their liking. */
import { required } from '#base/assert.ts'
import type { Random } from '#base/random.ts'
import type { DemoTitle } from '#demo/catalogue.ts'
import { genres } from '#demo/genres.ts'

export type DeviceKind = 'desktop' | 'phone' | 'tablet' | 'tv'
export type SimViewer = {
  readonly key: string
  /** Liking of each genre, -1 to 3. */
  readonly likes: ReadonlyMap<string, number>
  /** How far the viewer strays from what they like; higher picks more at random. */
  readonly whim: number
  readonly sessionsPerDay: number
  readonly device: DeviceKind
  readonly evening: boolean
  /** Rendition the viewer's line usually carries. */
  readonly videoHeightPx: 240 | 360 | 480 | 720 | 1080
}

const BITRATES = { 240: 400, 360: 730, 480: 1400, 720: 2800, 1080: 5000 } as const
export const bitrateOf = (heightPx: SimViewer['videoHeightPx']): number => BITRATES[heightPx]

/** Groups of genres liked together: what a model can find and popularity cannot. */
const CIRCLES: readonly (readonly string[])[] = [
  ['science', 'technology', 'history'],
  ['drama', 'thriller'],
  ['comedy', 'animation'],
  ['nature', 'travel'],
  ['cooking', 'travel', 'music'],
  ['sport', 'comedy'],
  ['music', 'drama'],
  ['history', 'thriller'],
]

export function createViewer(key: string, random: Random, likes?: readonly string[]): SimViewer {
  const weights = new Map(genres.map((genre) => [genre.name, -1 + random.next() * 0.6]))
  const liked = likes ?? [...random.pick(CIRCLES), ...(random.next() < 0.35 ? random.pick(CIRCLES) : [])]
  liked.forEach((name, i) => {
    weights.set(name, 2.6 - Math.min(i, 3) * 0.35 + random.next() * 0.6)
  })
  return {
    key,
    likes: weights,
    whim: 0.55 + random.next() * 0.3,
    sessionsPerDay: 0.25 + random.next() * random.next() * 1.1,
    device: random.pick(['desktop', 'desktop', 'phone', 'phone', 'phone', 'tablet', 'tv'] as const),
    evening: random.next() < 0.7,
    videoHeightPx: random.pick([240, 360, 480, 480, 720, 720, 720, 1080, 1080] as const),
  }
}

/** How much the viewer would like the title: the main genre most, the second less, and how well it is made. */
export function liking(viewer: SimViewer, title: DemoTitle): number {
  const [main = '', second = main] = title.genres
  const of = (genre: string): number => viewer.likes.get(genre) ?? -1
  return 0.7 * of(main) + 0.3 * of(second) + 0.5 * title.quality
}

/** Picks one by exp(score / whim): the best most often, the rest sometimes. */
export function choose(
  viewer: SimViewer,
  titles: readonly DemoTitle[],
  random: Random,
): { readonly title: DemoTitle; readonly index: number } {
  const weights = titles.map((title) => Math.exp(liking(viewer, title) / viewer.whim))
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  const found = weights.findIndex((weight) => {
    left -= weight
    return left <= 0
  })
  const index = found < 0 ? titles.length - 1 : found
  return { title: required(titles[index], 'title'), index }
}
