import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite, test } from 'node:test'
import { createRandom } from '#base/random.ts'
import { mean } from '#models/evaluate/bootstrap.ts'
import { type Decision, estimatePolicy, type OffPolicy } from '#models/off-policy/estimate.ts'
import { crossFit } from '#models/off-policy/rewards.ts'

const valueOf = (result: OffPolicy, name: string) => {
  const found = result.estimates.find((one) => one.name === name)
  assert.ok(found, name)
  return found
}
const covers = ({ low, high }: { low: number; high: number }, truth: number): boolean =>
  low <= truth && truth <= high

suite('on a world whose truth is known', () => {
  const ACTIONS = 8
  const rates = Array.from({ length: ACTIONS }, (_, a) => 0.02 + 0.03 * a)
  const share = (tilt: number): number[] => {
    const raw = rates.map((_, a) => Math.exp(tilt * a))
    const sum = raw.reduce((x, y) => x + y, 0)
    return raw.map((x) => x / sum)
  }
  const [logging, judged] = [share(-0.15), share(0.25)]
  const truth = judged.reduce((sum, chance, a) => sum + chance * (rates[a] as number), 0)

  function log(rows: number, seed: number): Decision[] {
    const random = createRandom(seed)
    const drawn = Array.from({ length: rows }, () => {
      let rest = random.next()
      const action = Math.max(
        0,
        logging.findIndex((chance) => (rest -= chance) < 0),
      )
      return { action, reward: random.next() < (rates[action] as number) ? 1 : 0 }
    })
    const expected = crossFit(drawn.map(({ action, reward }) => ({ key: String(action), reward })))
    return drawn.map(({ action, reward }, row) => ({
      reward,
      propensity: logging[action] as number,
      chance: judged[action] as number,
      expected: expected(row)(String(action)),
      expectedOfPolicy: judged.reduce((sum, chance, a) => sum + chance * expected(row)(String(a)), 0),
    }))
  }

  test('the 95 % intervals of all three cover the truth in at least 930 of 1,000 logs', () => {
    const covered = { ips: 0, snips: 0, dr: 0 }
    for (let seed = 0; seed < 1000; seed++) {
      const result = estimatePolicy(log(1500, seed))
      for (const name of ['ips', 'snips', 'dr'] as const)
        covered[name] += Number(covers(valueOf(result, name), truth))
    }
    for (const [name, count] of Object.entries(covered)) assert.ok(count >= 930, `${name}: ${count}`)
  })

  test('a policy judged from its own log earns what was logged', () => {
    const own = log(2000, 1).map((one) => ({ ...one, chance: one.propensity }))
    const result = estimatePolicy(own)
    assert.ok(Math.abs(valueOf(result, 'ips').value - result.logged) < 1e-12)
    assert.ok(Math.abs(result.weights.effectiveSize - 2000) < 1e-6)
    assert.equal(result.weights.verdict, 'sound')
  })

  test('a log that never did what the policy would do is told apart from one that did', () => {
    const never = log(4000, 2).map((one) => ({ ...one, chance: one.chance * 0.5 }))
    assert.equal(estimatePolicy(never).weights.verdict, 'log does not cover the policy')
    assert.equal(estimatePolicy(log(60, 3)).weights.verdict, 'cannot tell yet')
    assert.equal(estimatePolicy(log(4000, 2)).weights.verdict, 'sound')
  })

  test('clipping bounds the weights, and says how many', () => {
    const { weights } = estimatePolicy(log(3000, 4), { clip: 1 })
    assert.ok(weights.clipped > 0.2 && weights.clipped < 0.8)
    assert.ok(weights.largestWeight > 1)
  })

  test('decisions without a chance of their own are refused', () => {
    assert.throws(() => estimatePolicy([{ reward: 1, propensity: 0, chance: 0.5 }]), {
      code: 'SV_PROPENSITY_INVALID',
    })
    assert.throws(() => estimatePolicy([{ reward: 1, propensity: 0.5, chance: Number.NaN }]), /Decision 1/)
  })
})

/**
 * Open Bandit Dataset (Saito, Aihara, Matsutani and Narita 2021; ZOZO, CC BY 4.0), a sample of 10,000 decisions of each
 * of two policies: uniform, and Bernoulli Thompson sampling.
 */
const FOLDER = path.join(import.meta.dirname, '../../../shared/data/open-bandit')
suite('on the Open Bandit sample', { skip: !existsSync(FOLDER) && 'the sample is not at hand' }, () => {
  type Row = {
    readonly item: string
    readonly place: string
    readonly click: number
    readonly propensity: number
  }
  const read = (name: string): Row[] =>
    readFileSync(path.join(FOLDER, name), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([, item = '', place = '', click, propensity]) => ({
        item,
        place,
        click: Number(click),
        propensity: Number(propensity),
      }))

  /** The policy's mean chance of each item in each place, as far as its own log tells. */
  function chancesOf(rows: readonly Row[]): (item: string, place: string) => number {
    const counts = new Map<string, number>()
    for (const { item, place } of rows) {
      for (const key of [place, `${item} ${place}`]) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return (item, place) => (counts.get(`${item} ${place}`) ?? 0) / (counts.get(place) ?? 1)
  }

  function judge(log: readonly Row[], chance: (item: string, place: string) => number): OffPolicy {
    const items = [...new Set(log.map(({ item }) => item))]
    const expected = crossFit(
      log.map(({ item, place, click }) => ({ key: `${item} ${place}`, reward: click })),
    )
    return estimatePolicy(
      log.map(({ item, place, click, propensity }, row) => ({
        reward: click,
        propensity,
        chance: chance(item, place),
        expected: expected(row)(`${item} ${place}`),
        expectedOfPolicy: items.reduce(
          (sum, one) => sum + chance(one, place) * expected(row)(`${one} ${place}`),
          0,
        ),
      })),
    )
  }

  test('each policy, judged from the log of the other, is where its own log has it', () => {
    const [uniform, thompson] = [read('random-all.csv'), read('bts-all.csv')]
    const clicks = (rows: readonly Row[]): number => mean(rows.map(({ click }) => click))
    const fromThompson = judge(thompson, () => 1 / 80)
    const fromUniform = judge(uniform, chancesOf(thompson))
    for (const name of ['snips', 'dr'] as const) {
      assert.ok(covers(valueOf(fromThompson, name), clicks(uniform)), `${name} of uniform`)
      assert.ok(covers(valueOf(fromUniform, name), clicks(thompson)), `${name} of Thompson sampling`)
    }
    assert.equal(fromUniform.weights.verdict, 'sound')
  })
})
