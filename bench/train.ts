/**
 * How fast NeuMF learns: wall time of an epoch, negative sampling included, in turn with PyTorch on the same cores
 * (same model, sampler of whole batches, Adam; of SparseAdam and fused Adam for the embeddings the faster one counts).
 * MovieLens-1M's size (6,040 viewers, 3,706 titles, 1,000,209 plays), made by seed.
 * needs: a Python with torch, named by PYTHON (`pip install torch`). Without one our own figures are told alone.
 * usage: npm run bench -- train [--threads 2] [--rounds 3] [--share 1] [--tfjs]
 * `--tfjs` also runs our model on TensorFlow.js (`scripts/install-gpu.sh`), on a GPU where one is; told beside the ratio.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createRandom } from '#base/random.ts'
import type { NeumfSettings, Positives } from '#models/kernels/prepare.ts'
import { type NcfEngine, openEngine, wasmEngine } from '#models/ncf/engine.ts'

const VIEWERS = 6040
const TITLES = 3706
const PLAYS = 1_000_209
const SEED = 1
const BATCHES = [1024, 4096, 16384] as const
const BARS = { 1024: 2, 4096: 2, 16384: 1.5 } as const
const SETTINGS: NeumfSettings = {
  width: 32,
  layers: [64, 32, 16],
  negatives: 4,
  batch: 1024,
  learningRate: 0.001,
  decay: 0,
  spread: 0.05,
}

type Spent = { readonly seconds: number; readonly cpuSeconds: number; readonly loss: number }
type Runner = { epoch(batch: number): Promise<Spent>; close(): Promise<void> }

/** Distinct pairs: viewers of unequal appetite, titles of unequal fame. */
function makePlays(count: number): Positives {
  const random = createRandom(SEED)
  const taken = new Set<number>()
  while (taken.size < count) {
    const viewer = Math.floor(VIEWERS * random.next() ** 1.5)
    const title = Math.floor(TITLES * random.next() ** 2)
    taken.add(viewer * TITLES + title)
  }
  const keys = random.shuffle([...taken])
  return {
    viewers: Int32Array.from(keys, (key) => Math.floor(key / TITLES)),
    titles: Int32Array.from(keys, (key) => key % TITLES),
    weights: new Float32Array(count).fill(1),
  }
}

async function openOurs(positives: Positives, threads: number, engine: NcfEngine): Promise<Runner> {
  const trainers = new Map(
    await Promise.all(
      BATCHES.map(async (batch) => {
        const settings = { ...SETTINGS, batch }
        const plan = { viewers: VIEWERS, titles: TITLES, positives, settings, seed: SEED, threads }
        return [batch as number, await engine.open(plan)] as const
      }),
    ),
  )
  return {
    epoch: async (batch) => {
      const [began, cpu] = [performance.now(), process.cpuUsage()]
      const loss = (await trainers.get(batch)?.epoch()) ?? Number.NaN
      const { user, system } = process.cpuUsage(cpu)
      return { seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6, loss }
    },
    close: async () => {
      for (const trainer of trainers.values()) await trainer.close()
    },
  }
}

const python = (): string => process.env['PYTHON'] ?? 'python3'
const hasTorch = (): boolean => spawnSync(python(), ['-c', 'import torch, numpy']).status === 0

function openTorch(plays: string, threads: number, sparse: boolean): Runner {
  const child = spawn(python(), [path.join(import.meta.dirname, 'python/neumf.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const tell = (what: object): void => void child.stdin.write(`${JSON.stringify(what)}\n`)
  const { width, layers, negatives, learningRate } = SETTINGS
  const task = { viewers: VIEWERS, titles: TITLES, width, layers, negatives, learningRate, seed: SEED }
  tell({ ...task, plays, threads, sparse })
  return {
    epoch: async (batch) => {
      tell({ batch })
      const line = await lines.next()
      if (line.done === true) throw new Error('PyTorch ended before it was done')
      return JSON.parse(line.value) as Spent
    },
    close: async () => void child.stdin.end(),
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
const middle = (runs: readonly Spent[]): Spent => ({
  seconds: median(runs.map((run) => run.seconds)),
  cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
  loss: (runs.at(-1) as Spent).loss,
})

export async function bench(): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      threads: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      share: { type: 'string', default: '1' },
      tfjs: { type: 'boolean', default: false },
    },
  })
  const [threads, rounds] = [Number(values.threads), Number(values.rounds)]
  const positives = makePlays(Math.round(PLAYS * Number(values.share)))
  const examples = positives.viewers.length * (1 + SETTINGS.negatives)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sv-bench-train-'))
  const runners: Record<string, Runner> = { ours: await openOurs(positives, threads, wasmEngine) }
  const tensorFlow = values.tfjs ? await openEngine('tfjs') : null
  if (tensorFlow !== null) runners['tfjs'] = await openOurs(positives, threads, tensorFlow)
  if (hasTorch()) {
    const plays = path.join(folder, 'plays')
    await writeFile(
      plays,
      Buffer.concat([positives.viewers, positives.titles].map(({ buffer }) => Buffer.from(buffer))),
    )
    runners['torch-sparse'] = openTorch(plays, threads, true)
    runners['torch-dense'] = openTorch(plays, threads, false)
  }
  try {
    const ratios: Record<string, number> = {}
    const found: Record<string, Record<string, unknown>> = {}
    for (const batch of BATCHES) {
      const runs: Record<string, Spent[]> = {}
      for (let round = 0; round < rounds; round++) {
        for (const [name, runner] of Object.entries(runners)) {
          const spent = await runner.epoch(batch)
          runs[name] = [...(runs[name] ?? []), spent]
          const rate = `${(examples / spent.seconds / 1e6).toFixed(2)} M examples/s`
          console.log(
            `batch ${batch} ${name}: ${spent.seconds.toFixed(2)} s, ${rate}, loss ${spent.loss.toFixed(4)}`,
          )
        }
      }
      const middles = Object.fromEntries(Object.entries(runs).map(([name, own]) => [name, middle(own)]))
      const ours = middles['ours'] as Spent
      const theirs = Object.entries(middles).filter(([name]) => name.startsWith('torch'))
      found[`batch${batch}`] = middles
      if (theirs.length > 0)
        ratios[batch] = Math.min(...theirs.map(([, spent]) => spent.seconds)) / ours.seconds
    }
    const measured = Object.keys(ratios).length > 0
    return {
      bench: 'train',
      ratio: ratios[4096] ?? null,
      at1k: ratios[1024] ?? null,
      at4k: ratios[4096] ?? null,
      at16k: ratios[16384] ?? null,
      threads,
      examples,
      ...found,
      ...(tensorFlow === null ? {} : { tfjs: tensorFlow.about }),
      against: measured
        ? 'PyTorch, the faster of SparseAdam and fused Adam'
        : 'nothing: this Python has no torch',
      bar: 2,
      ...(measured ? { pass: BATCHES.every((batch) => (ratios[batch] as number) >= BARS[batch]) } : {}),
    }
  } finally {
    for (const runner of Object.values(runners)) await runner.close()
    await rm(folder, { recursive: true })
  }
}
