import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeInteractions } from '#features/interactions.ts'
import { readIndex } from '#models/artifact.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import { type TrainingProgress, trainAndEvaluate } from '#models/train.ts'
import { runTraining } from '#models/training.ts'

const world = plantWorld({ viewers: 240, titles: 80, tastes: 2, plays: 4800, seed: 11, loyalty: 0.9 })

test('learns two planted tastes, beats popularity with the interval above zero, and is the same in a process', async () => {
  const heard: TrainingProgress[] = []
  const options = { interactions: world.interactions, seed: 4, threads: 1 }
  const [here, apart] = await Promise.all([
    trainAndEvaluate(options),
    runTraining({ ...options, threads: 2, onProgress: (progress) => heard.push(progress) }),
  ])
  const popularity = here.evaluation.baselines.find(({ name }) => name === 'popularity')
  assert.ok((popularity?.gap?.low ?? -1) > 0, JSON.stringify(popularity))
  assert.equal(Buffer.compare(here.onnx, apart.onnx), 0)
  assert.equal(Buffer.compare(here.index, apart.index), 0)
  assert.deepEqual({ ...apart, onnx: 0, index: 0, trainMs: 0 }, { ...here, onnx: 0, index: 0, trainMs: 0 })
  assert.deepEqual([heard[0]?.engine, here.engine.name], ['WASM kernels (CPU)', 'wasm'])
  assert.ok(heard.some(({ step }) => step === 'choosing') && heard.some(({ step }) => step === 'refitting'))
  assert.ok(heard.every(({ progress }, k) => k === 0 || progress >= (heard[k - 1]?.progress ?? 0)))
  const index = readIndex(here.index)
  assert.deepEqual(index.titles, world.interactions.titles)
})

test('refuses to learn from too little', async () => {
  const few = encodeInteractions([{ viewerKey: 'a', titleId: 't', at: 1, strength: 1 }])
  await assert.rejects(trainAndEvaluate({ interactions: few, seed: 1, threads: 1 }), {
    code: 'SV_TOO_FEW_INTERACTIONS',
  })
  await assert.rejects(runTraining({ interactions: few, seed: 1, threads: 1 }), {
    code: 'SV_TOO_FEW_INTERACTIONS',
  })
})

test('a training process killed from outside is started again and ends the same', async () => {
  const options = { interactions: world.interactions, seed: 4, threads: 1, maxEpochs: 2 }
  const pids: number[] = []
  const killed = await runTraining({
    ...options,
    onProcess: (pid) => pids.push(pid),
    onProgress: () => {
      if (pids.length === 1) process.kill(pids[0] as number, 'SIGKILL')
    },
  })
  assert.equal(pids.length, 2)
  assert.equal(Buffer.compare(killed.onnx, (await trainAndEvaluate(options)).onnx), 0)
})

test('a training that is stopped while it chooses learns what was best so far, whole', async () => {
  const stop = new AbortController()
  const epochs: number[] = []
  const stopped = await runTraining({
    interactions: world.interactions,
    seed: 4,
    threads: 1,
    stop: stop.signal,
    onProgress: ({ step, epoch }) => {
      if (step !== 'choosing' || epoch === undefined) return
      epochs.push(epoch)
      if (epoch === 3) stop.abort()
    },
  })
  const { pretrain } = stopped.settings as { pretrain: readonly number[] }
  assert.ok(
    pretrain.every((count) => count > 0),
    JSON.stringify(pretrain),
  )
  const popularity = stopped.evaluation.baselines.find(({ name }) => name === 'popularity')
  assert.ok((popularity?.gap?.value ?? -1) > 0, JSON.stringify(popularity))
})

test('a training that is called off ends its process', async () => {
  const calledOff = new AbortController()
  const pids: number[] = []
  const training = runTraining({
    interactions: world.interactions,
    seed: 4,
    threads: 1,
    signal: calledOff.signal,
    onProcess: (pid) => pids.push(pid),
    onProgress: () => calledOff.abort(),
  })
  await assert.rejects(training, { name: 'AbortError' })
  const end = Date.now() + 5000
  while (isAlive(pids[0] as number)) {
    assert.ok(Date.now() < end, 'still alive after 5 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
