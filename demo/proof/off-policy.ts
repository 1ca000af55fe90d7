/**
 * Does an estimate from another policy's log say the truth? Slates of the demo world, one title laid in front by a policy
 * whose chances are known; the reward is that the viewer picks it. What the judged policy would earn is known from the
 * viewers' true tastes, and each log's 95 % interval either holds it or does not.
 */
import { createRandom, type Random } from '#base/random.ts'
import { type HistoryInput, secretsOf } from '#demo/history.ts'
import { liking } from '#demo/tastes.ts'
import { type Decision, type Estimate, estimatePolicy } from '#models/off-policy/estimate.ts'
import { crossFit } from '#models/off-policy/rewards.ts'

const SLATE = 10
/** Share of decisions the logging policy leaves to chance: what every estimate lives on. */
const EXPLORED = 0.3
/** What each policy goes by: true taste to this share, popularity for the rest. */
const INSIGHT = { logging: 0.3, judged: 0.6 }
const CONTEXTS_FOR_TRUTH = 200_000

type Slate = {
  readonly titles: readonly number[]
  readonly logging: number[]
  readonly judged: number[]
  readonly picks: number[]
}

export type Coverage = {
  readonly logs: number
  readonly decisions: number
  readonly truth: number
  /** Mean reward of what was logged: what would be said without any estimate. */
  readonly logged: number
  /** Logs of a hundred whose interval holds the truth. */
  readonly covered: Readonly<Record<Estimate['name'], number>>
  /** The same when the chances are forgotten and taken as equal. */
  readonly withoutChances: number
  readonly meanHalfWidth: Readonly<Record<Estimate['name'], number>>
  /** Logs whose weights were called sound. */
  readonly sound: number
}

const NAMES = ['ips', 'snips', 'dr'] as const

export function measureCoverage(
  world: HistoryInput,
  options: { readonly logs: number; readonly decisions: number; readonly seed: number },
): Coverage {
  const { logs, decisions, seed } = options
  const draw = slatesOf(world)
  const truth = trueValue(draw, createRandom(seed))
  const covered = { ips: 0, snips: 0, dr: 0 }
  const widths = { ips: 0, snips: 0, dr: 0 }
  let [logged, sound, withoutChances] = [0, 0, 0]
  for (let log = 0; log < logs; log++) {
    const decided = logOf(draw, decisions, createRandom(seed + 1 + log))
    const found = estimatePolicy(decided)
    for (const { name, low, high } of found.estimates) {
      covered[name] += Number(low <= truth && truth <= high)
      widths[name] += (high - low) / 2 / logs
    }
    logged += found.logged / logs
    sound += Number(found.weights.verdict === 'sound')
    const forgotten = estimatePolicy(decided.map((one) => ({ ...one, propensity: 1 / SLATE })))
    const [ips] = forgotten.estimates
    withoutChances += Number(ips !== undefined && ips.low <= truth && truth <= ips.high)
  }
  const ofHundred = (count: number): number => (100 * count) / logs
  return {
    logs,
    decisions,
    truth,
    logged,
    covered: Object.fromEntries(NAMES.map((name) => [name, ofHundred(covered[name])])) as Coverage['covered'],
    withoutChances: ofHundred(withoutChances),
    meanHalfWidth: widths,
    sound,
  }
}

const soft = (values: readonly number[]): number[] => {
  const most = Math.max(...values)
  const raw = values.map((value) => Math.exp(value - most))
  const sum = raw.reduce((a, b) => a + b, 0)
  return raw.map((value) => value / sum)
}

/** One slate for one viewer, both drawn evenly: what each policy puts in front, and what the viewer picks, by chance. */
function slatesOf(world: HistoryInput): (random: Random) => Slate {
  const { viewers, shown } = secretsOf(world)
  const { catalogue } = world
  const fame = catalogue.map(({ id }) => Math.log(shown.get(id) ?? 1))
  const tastes = viewers.map((viewer) => catalogue.map((title) => liking(viewer, title)))
  return (random) => {
    const who = random.below(viewers.length)
    const taste = tastes[who] as number[]
    const whim = viewers[who]?.whim ?? 1
    const drawn = new Set<number>()
    while (drawn.size < SLATE) drawn.add(random.below(catalogue.length))
    const titles = [...drawn]
    const by = (insight: number): number[] =>
      soft(
        titles.map((title) => insight * (taste[title] as number) + (1 - insight) * (fame[title] as number)),
      )
    return {
      titles,
      logging: by(INSIGHT.logging).map((chance) => (1 - EXPLORED) * chance + EXPLORED / SLATE),
      judged: by(INSIGHT.judged),
      picks: soft(titles.map((title) => (taste[title] as number) / whim)),
    }
  }
}

/** The judged policy's reward over so many slates that what is left to luck is small beside any log's own. */
function trueValue(draw: (random: Random) => Slate, random: Random): number {
  let sum = 0
  for (let k = 0; k < CONTEXTS_FOR_TRUTH; k++) {
    const { judged, picks } = draw(random)
    judged.forEach((chance, place) => {
      sum += chance * (picks[place] as number)
    })
  }
  return sum / CONTEXTS_FOR_TRUTH
}

function rollFor(chances: readonly number[], random: Random): number {
  let left = random.next()
  const found = chances.findIndex((chance) => (left -= chance) < 0)
  return found < 0 ? chances.length - 1 : found
}

function logOf(draw: (random: Random) => Slate, decisions: number, random: Random): Decision[] {
  const rows = Array.from({ length: decisions }, () => {
    const slate = draw(random)
    const front = rollFor(slate.logging, random)
    return { slate, front, reward: Number(rollFor(slate.picks, random) === front) }
  })
  const keyOf = (slate: Slate, place: number): string => String(slate.titles[place])
  const expected = crossFit(rows.map(({ slate, front, reward }) => ({ key: keyOf(slate, front), reward })))
  return rows.map(({ slate, front, reward }, row) => ({
    reward,
    propensity: slate.logging[front] as number,
    chance: slate.judged[front] as number,
    expected: expected(row)(keyOf(slate, front)),
    expectedOfPolicy: slate.judged.reduce(
      (sum, chance, place) => sum + chance * expected(row)(keyOf(slate, place)),
      0,
    ),
  }))
}
