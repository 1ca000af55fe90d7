import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { als } from '#models/als/als.ts'
import { openCheckpoints } from '#models/checkpoints.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import { leaveOneOut } from '#models/evaluate/split.ts'
import type { FitTask, ModelKind } from '#models/model.ts'
import { ncf } from '#models/ncf/fit.ts'
import { bpr } from '#models/pairs/pairs.ts'
import { judgeBy } from '#models/search.ts'

const world = plantWorld({ viewers: 120, titles: 60, tastes: 3, plays: 2400, seed: 5 }).interactions
const split = leaveOneOut(world)
const stopBy = { judge: judgeBy(split), patience: 20 }
let folder: string
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'checkpoints-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const CASES: readonly (readonly [name: string, kind: ModelKind<object>, settings: object])[] = [
  ['NeuMF with its halves apart', ncf, { epochs: 4, pretrain: [3, 3] }],
  ['BPR', bpr, { epochs: 8, width: 16 }],
  ['iALS', als, { epochs: 8, width: 16 }],
]
const bytesOf = (weights: readonly ArrayBufferView[]): string =>
  weights
    .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('hex'))
    .join()

for (const [name, kind, settings] of CASES) {
  test(`${name}: ended after any epoch it goes on where it was, and ends with the same weights`, async () => {
    const task: FitTask<object> = {
      interactions: split.before,
      settings: { ...kind.defaults, ...settings },
      seed: 3,
      threads: 1,
      stopBy,
    }
    const whole = await kind.fit(task)
    const expected = [bytesOf(whole.weights()), whole.epochs, whole.validation] as const
    for (const last of [2, 5, 7]) {
      const key = `${kind.name}-${last}`
      const heard: number[] = []
      const until = (stopAt: number): Promise<unknown> =>
        kind.fit({
          ...task,
          checkpoints: openCheckpoints(folder, key, 0),
          onEpoch: ({ epoch, share }) => {
            if (share !== 1 || heard.includes(epoch)) return
            heard.push(epoch)
            if (epoch === stopAt) throw new Error('killed')
          },
        })
      await assert.rejects(until(last), /killed/)
      // A file that was being written when the process ended.
      await writeFile(path.join(folder, key, 'walk-0.new'), 'half')
      const again: number[] = []
      const checkpoints = openCheckpoints(folder, key, 0)
      const resumed = await kind.fit({
        ...task,
        checkpoints,
        onEpoch: ({ epoch, share }) => {
          if (share === 1) again.push(epoch)
        },
      })
      assert.deepEqual([bytesOf(resumed.weights()), resumed.epochs, resumed.validation], expected)
      // The epoch that was not written yet is walked again, those before it are not.
      assert.equal(again[0], last)
      await checkpoints.clear()
      assert.ok(!(await readdir(folder)).includes(key))
    }
  })
}
