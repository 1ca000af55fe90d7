/**
 * How fast NeuMF learns: wall time of an epoch, negative sampling included, in turn with PyTorch on the same cores
 * (same model, sampler of whole batches, Adam; of SparseAdam and fused Adam for the embeddings the faster one counts).
 * MovieLens-1M's size (6,040 viewers, 3,706 titles, 1,000,209 plays), made by seed.
 * needs: a Python with torch, named by PYTHON (`pip install torch`). Without one our own figures are told alone.
 * usage: npm run bench -- train [--threads 2] [--rounds 3] [--share 1] [--tfjs]
 * `--tfjs` also runs our model on TensorFlow.js (`scripts/install-gpu.sh`), on a GPU where one is; told beside the ratio.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bytesOf, makePlays, PLAYS, SEED, TITLES, VIEWERS } from '#bench/learning/plays.ts'
import { hasModules, middle, openPython, type Spent } from '#bench/learning/python.ts'
import type { NeumfSettings, Positives } from '#models/kernels/prepare.ts'
import { type NcfEngine, openEngine, wasmEngine } from '#models/ncf/engine.ts'

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

type Runner = { epoch(batch: number): Promise<Spent>; close(): Promise<void> }

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

function openTorch(plays: string, threads: number, sparse: boolean): Runner {
  const { width, layers, negatives, learningRate } = SETTINGS
  const task = { viewers: VIEWERS, titles: TITLES, width, layers, negatives, learningRate, seed: SEED }
  const beside = openPython('neumf.py', { ...task, plays, threads, sparse })
  return { epoch: (batch) => beside.run({ batch }), close: async () => beside.close() }
}

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
  if (hasModules('torch', 'numpy')) {
    const plays = path.join(folder, 'plays')
    await writeFile(plays, bytesOf(positives))
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
