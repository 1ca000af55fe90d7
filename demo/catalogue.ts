/** The demo catalogue: creators, a few hundred invented titles, and the playable cuts of one film. Same seed, same catalogue. */
import { required } from '#base/assert.ts'
import { createRandom, type Random } from '#base/random.ts'
import { type GenreStyle, genres } from '#demo/genres.ts'

const DAY_MS = 86_400_000

export type DemoCreator = { readonly id: string; readonly name: string }
export type Cut = {
  readonly file: string
  readonly startMs: number
  readonly durationMs: number
  /** English captions, a file beside the video. */
  readonly captions?: string
}
export type DemoTitle = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly creatorId: string
  readonly genres: readonly string[]
  readonly durationMs: number
  readonly ageRating: string
  /** How long before the world began it was published. */
  readonly agedMs: number
  /** Null for simulated titles: they are seen in figures and rows, but never play. */
  readonly cut: Cut | null
  /** How well it is made, -1 to 1: hidden, drives how long simulated viewers stay. */
  readonly quality: number
}

export const CREATORS: readonly DemoCreator[] = [
  { id: 'hollow-tree', name: 'Hollow Tree Films' },
  { id: 'meadowlight', name: 'Meadowlight' },
  ...[
    'Tidewater Pictures',
    'North Pier',
    'Kettle & Co',
    'Second Floor',
    'The Long Room',
    'Saltmarsh',
    'Ninefold',
    'Paper Lantern',
    'Brass Hare',
    'Umbra',
    'Field Notes',
    'Copper Lane',
    'Sidewalk Opera',
    'Blue Hour',
    'Ferryman',
    'Quarter Note',
    'Little Engine',
    'Open Hearth',
    'Atlas Yard',
    'Good Neighbours',
    'Lathe & Loom',
    'Far Shore',
  ].map((name) => ({ id: name.toLowerCase().replace(/[^a-z]+/g, '-'), name })),
]

const TRAILER = 'trailer_bbb.mp4'
const SHORT = 'bigbuckbunny.mp4'
const cut = (file: string, startSeconds: number, seconds: number): Cut => ({
  file,
  startMs: startSeconds * 1000,
  durationMs: seconds * 1000,
})

/** Playable titles, shortest first, so that something plays soon after the first start. */
const CUTS: readonly { name: string; about: string; creator: 0 | 1; genres: string[]; cut: Cut }[] = [
  {
    name: 'Good Morning, Bunny',
    about: 'A very large rabbit, a very small hole, and the first stretch of the day.',
    creator: 0,
    genres: ['animation', 'comedy'],
    cut: { ...cut(SHORT, 0, 5.3), captions: 'good-morning-bunny.en.vtt' },
  },
  {
    name: 'The Meadow Wakes',
    about: 'Light finds the grass, and somebody is already up.',
    creator: 0,
    genres: ['animation', 'nature'],
    cut: cut(TRAILER, 2, 8),
  },
  {
    name: 'Butterfly, Briefly',
    about: 'Some friendships last exactly as long as they should.',
    creator: 0,
    genres: ['animation', 'drama'],
    cut: cut(TRAILER, 8, 7),
  },
  {
    name: 'Three Against One',
    about: 'The woods have rules. These three have never read them.',
    creator: 0,
    genres: ['animation', 'thriller'],
    cut: cut(TRAILER, 14, 8),
  },
  {
    name: 'An Apple Too Far',
    about: 'A study of gravity, patience and fruit.',
    creator: 1,
    genres: ['animation', 'comedy'],
    cut: cut(TRAILER, 20, 7),
  },
  {
    name: 'The Squirrel’s Plan',
    about: 'It is a good plan. That is the trouble with it.',
    creator: 1,
    genres: ['animation', 'comedy'],
    cut: cut(TRAILER, 26, 7),
  },
  {
    name: 'Sharpened Sticks',
    about: 'What a gentle giant makes when he has had enough.',
    creator: 1,
    genres: ['animation', 'thriller'],
    cut: cut(TRAILER, 31, 8),
  },
  {
    name: 'Down by the Stream',
    about: 'Water, stones and an argument about both.',
    creator: 1,
    genres: ['animation', 'nature'],
    cut: cut(TRAILER, 36, 6),
  },
  {
    name: 'The Trap',
    about: 'Every rope in the forest ends somewhere.',
    creator: 0,
    genres: ['animation', 'thriller'],
    cut: cut(TRAILER, 40, 7),
  },
  {
    name: 'A Small Revenge',
    about: 'Measured in acorns.',
    creator: 1,
    genres: ['animation', 'comedy'],
    cut: cut(TRAILER, 44, 7),
  },
  {
    name: 'Credits, with Rabbits',
    about: 'Stay until the end. He did.',
    creator: 0,
    genres: ['animation', 'music'],
    cut: cut(TRAILER, 48, 7),
  },
  {
    name: 'Big Buck Bunny: the trailer',
    about:
      'One rabbit, three bullies and a forest that has seen enough. The trailer of the open film by the Blender Foundation.',
    creator: 0,
    genres: ['animation', 'comedy'],
    cut: cut(TRAILER, 0, 55),
  },
]

/** Title of Hollow Tree Films that carries the planted stall; see truths.ts. */
export const STALLED_TITLE = 'sim-000'
/** Title that a model change brings forward; see truths.ts. */
export const PROMOTED_TITLE = 'sim-001'

export function createCatalogue(seed: number, count = 300): DemoTitle[] {
  const random = createRandom(seed)
  const playable = CUTS.map(
    ({ name, about, creator, genres: words, cut }, i): DemoTitle => ({
      id: `bunny-${String(i + 1).padStart(2, '0')}`,
      name,
      description: `${about} From Big Buck Bunny, © 2008 Blender Foundation, CC BY 3.0.`,
      creatorId: required(CREATORS[creator], 'creator').id,
      genres: words,
      durationMs: cut.durationMs,
      ageRating: 'all',
      agedMs: (30 + i * 2) * DAY_MS,
      cut,
      quality: 0.2 + 0.4 * random.next(),
    }),
  )
  const names = new Set<string>()
  const simulated = Array.from({ length: count - playable.length }, (_, i) =>
    createSimulated(i, random, names),
  )
  return [...playable, ...simulated]
}

function createSimulated(i: number, random: Random, names: Set<string>): DemoTitle {
  const main = required(genres[i % genres.length], 'genre')
  const second = random.next() < 0.6 ? random.pick(genres) : main
  const [from, to] = main.minutes
  const minutes = (from + random.next() * (to - from)) * 0.4
  const own = i < 2 ? 0 : i < 10 ? i % 2 : 2 + random.below(CREATORS.length - 2)
  return {
    id: `sim-${String(i).padStart(3, '0')}`,
    name: freshName(main, random, names),
    description: describe(main, second, random),
    creatorId: required(CREATORS[own], 'creator').id,
    genres: main === second ? [main.name] : [main.name, second.name],
    durationMs: i < 2 ? 12 * 60_000 : Math.round(minutes * 60) * 1000,
    ageRating:
      main.name === 'thriller' ? random.pick(['12', '16', '16']) : random.pick(['all', 'all', '6', '12']),
    agedMs: (29 + random.below(300)) * DAY_MS,
    cut: null,
    quality: i < 2 ? 0.5 : random.next() * 2 - 1,
  }
}

function freshName(genre: GenreStyle, random: Random, names: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const noun = random.pick(genre.nouns)
    const adjective = random.pick(genre.adjectives)
    const name = random.pick([
      `The ${adjective} ${noun}`,
      `${adjective} ${noun}`,
      `The ${noun} ${random.pick(PLACES)}`,
      `${random.pick(['Return to the', 'Letters to the', 'Notes on the', 'The Other', 'One More'])} ${noun}`,
      `${random.pick(['Finding', 'Beyond', 'Before', 'After', 'Beside', 'Leaving'])} the ${noun}`,
    ])
    const unique = attempt < 40 ? name : `${name} ${attempt}`
    if (names.has(unique)) continue
    names.add(unique)
    return unique
  }
}

const PLACES = [
  'at the End of the Road',
  'in October',
  'by the Water',
  'Next Door',
  'on Quay Street',
  'That Stayed',
  'Nobody Ordered',
  'Before Breakfast',
]

const TAILS = [
  'Told without hurry and with very good light.',
  'Short, warm and impossible to leave in the middle.',
  'Made by five people and one borrowed van.',
  'You will not look at it the same way afterwards.',
  'Nobody raises their voice. It is worse that way.',
  'With the sound turned up, please.',
  'Watch it once for the story and once for the faces.',
  'The ending is better than you fear.',
  'Filmed on weekends, over four years.',
  'Best with somebody who talks during films.',
  'It knows exactly when to stop.',
  'Small budget, enormous patience.',
]

const describe = (main: GenreStyle, second: GenreStyle, random: Random): string =>
  `${random.pick(main.hooks)}. ${main === second ? '' : `Part ${main.name}, part ${second.name}. `}${random.pick(TAILS)}`
