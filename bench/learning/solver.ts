/** A kind of model that is solved, in turn with the package people use for it, on the same plays and threads. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bytesOf, makePlays, PLAYS, SEED, TITLES, VIEWERS } from '#bench/learning/plays.ts'
import { hasModules, middle, openPython, type Spent } from '#bench/learning/python.ts'
import type { Interactions } from '#features/interactions.ts'
import type { ModelKind } from '#models/model.ts'

const WARM = 1

export async function benchSolver<Settings extends object>(options: {
  readonly bench: string
  readonly kind: ModelKind<Settings>
  readonly settings: Settings
  readonly modules: readonly string[]
  readonly against: string
  /** At most so many times slower. */
  readonly slower: number
}): Promise<Record<string, unknown>> {
  const { bench, kind, settings, modules, against, slower } = options
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      threads: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      share: { type: 'string', default: '1' },
    },
  })
  const [threads, rounds] = [Number(values.threads), Number(values.rounds)]
  const plays = makePlays(Math.round(PLAYS * Number(values.share)))
  const interactions: Interactions = {
    viewers: Array.from({ length: VIEWERS }, (_, k) => `v${k}`),
    titles: Array.from({ length: TITLES }, (_, k) => `t${k}`),
    viewer: plays.viewers,
    title: plays.titles,
    at: new Float64Array(plays.viewers.length),
    strength: plays.weights,
  }
  const ours = async (): Promise<Spent> => {
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    await kind.fit({ interactions, settings, seed: SEED, threads })
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6, loss: 0 }
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sv-bench-solver-'))
  try {
    const file = path.join(folder, 'plays')
    await writeFile(file, bytesOf(plays))
    const task = {
      kind: kind.name,
      viewers: VIEWERS,
      titles: TITLES,
      plays: file,
      threads,
      seed: SEED,
      settings,
    }
    const theirs = hasModules(...modules) ? openPython('solvers.py', task) : null
    const [own, other]: [Spent[], Spent[]] = [[], []]
    for (let round = 0; round < rounds + WARM; round++) {
      const spent = [await ours(), await theirs?.run({})]
      console.log(
        spent.map((one, k) => `${k === 0 ? 'ours' : 'theirs'} ${one?.seconds.toFixed(2)} s`).join(', '),
      )
      if (round < WARM) continue
      own.push(spent[0] as Spent)
      if (spent[1] !== undefined) other.push(spent[1])
    }
    theirs?.close()
    const measured = other.length > 0
    const ratio = measured ? middle(other).seconds / middle(own).seconds : null
    return {
      bench,
      ratio,
      threads,
      plays: plays.viewers.length,
      ours: middle(own),
      ...(measured ? { theirs: middle(other) } : {}),
      against: measured ? against : `nothing: this Python has no ${modules.join(', ')}`,
      bar: 1 / slower,
      ...(ratio === null ? {} : { pass: ratio >= 1 / slower }),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
