/**
 * The torture: `npm run torture -- --rounds 40 --seed 1 [--only kind]`. Each round breaks a running system in one way and
 * looks whether everything it had acknowledged is in its log and in its warehouse, once. The last line is the result.
 */
import { parseArgs } from 'node:util'
import { loseWithoutSyncs } from '#tests/torture/control.ts'
import { diskProblem, makeDisk, makeFolder } from '#tests/torture/disk.ts'
import type { Findings } from '#tests/torture/orders.ts'
import { KINDS, type Kind, planRounds, type Round } from '#tests/torture/plan.ts'
import { openWorld, type Played } from '#tests/torture/rounds.ts'

const NEEDS_DISK: readonly Kind[] = ['power-cut', 'full-disk']

function readOptions(): { rounds: number; seed: number; only: Kind | undefined } {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  })
  const only = KINDS.find((kind) => kind === values.only)
  if (values.only !== undefined && only === undefined)
    throw new Error(`--only takes one of ${KINDS.join(', ')}`)
  return { rounds: Number(values.rounds), seed: Number(values.seed), only }
}

const faultsOf = ({ lostInLog, lostInWarehouse, titlesLost, ...rest }: Findings) => ({
  lost: lostInLog + lostInWarehouse + titlesLost,
  doubled: rest.doubledInLog + rest.doubledInWarehouse,
  apart: rest.rowsApart,
  unbalanced: rest.unbalanced,
})

function tell(round: Round, { findings, acknowledged, refusals, missed, ms }: Played): void {
  const { kind, ...fault } = round.fault
  const found = Object.entries({ ...findings, inLog: 0, rssMb: 0 }).filter(
    ([, found]) => found !== 0 && String(found) !== '',
  )
  const is =
    found.length === 0 && missed.length === 0 ? 'sound' : `BROKEN ${JSON.stringify([...found, ...missed])}`
  const about = JSON.stringify({
    ...fault,
    ending: round.ending,
    acknowledged,
    inLog: findings.inLog,
    refusals,
    ms,
  })
  console.log(`${round.number + 1} ${kind}: ${is} ${about}`)
}

/** The number of rounds that ran, and the sums over all that was found. */
async function torture(plans: readonly Round[], seed: number, hasDisk: boolean) {
  const disk = hasDisk ? makeDisk() : makeFolder()
  const total = {
    rounds: 0,
    skipped: 0,
    acknowledged: 0,
    lost: 0,
    doubled: 0,
    apart: 0,
    unbalanced: 0,
    missed: 0,
  }
  const add = (findings: Findings): void => {
    for (const [what, count] of Object.entries(faultsOf(findings))) total[what as keyof typeof total] += count
  }
  try {
    const world = await openWorld(disk, seed)
    for (const plan of plans) {
      const round = hasDisk || plan.ending !== 'power-cut' ? plan : ({ ...plan, ending: 'kill' } as const)
      if (!hasDisk && NEEDS_DISK.includes(round.fault.kind)) {
        total.skipped++
        continue
      }
      const played = await world.play(round)
      tell(round, played)
      add(played.findings)
      total.rounds++
      total.acknowledged += played.acknowledged
      total.missed += played.missed.length
    }
    add(await world.checkAll())
    await world.close()
    return total
  } finally {
    disk.remove()
  }
}

const { rounds, seed, only } = readOptions()
const begunAt = Date.now()
const problem = diskProblem()
if (problem !== null) console.log(`no disk of its own (${problem}): rounds that need one are skipped`)
const total = await torture(planRounds(rounds, seed, only), seed, problem === null)
const controlLost = problem === null ? await loseWithoutSyncs(seed) : null
console.log(
  JSON.stringify({ seed, ...total, controlLost, seconds: Math.round((Date.now() - begunAt) / 1000) }),
)
const broken = total.lost + total.doubled + total.apart + total.unbalanced + total.missed
if (broken > 0 || controlLost === 0) process.exitCode = 1
