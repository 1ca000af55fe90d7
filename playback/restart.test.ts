import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Opened, openForTest, TRAILER } from '#playback/opened.suite.ts'

const CHILD = fileURLToPath(new URL('restart.suite.ts', import.meta.url))
const TENANT = 'acme'
let opened: Opened
let dir: string

/** Runs the process until it is in the middle of its second rendition, then kills it. */
async function dieInMidJob(): Promise<void> {
  const child = spawn(process.execPath, [CHILD, dir, TRAILER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  let readyAt = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const { ready, progress } = JSON.parse(line) as { ready: number; progress: number }
    if (ready === 1 && readyAt === 0) readyAt = progress
    if (ready === 1 && progress > readyAt + 0.05) break
  }
  child.kill('SIGKILL')
  await gone
}

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'playback-restart-'))
  await dieInMidJob()
  assert.equal((await readdir(path.join(dir, 'playback', 'work'))).length, 1, 'it died at work')
  opened = await openForTest({ dir })
})
after(() => opened?.close())

test('goes on after kill -9 with the rendition it was at, keeping those it had', async () => {
  const before = await opened.playback.job(TENANT, 'killed')
  assert.equal(before?.state, 'transcoding')
  const kept = before?.tracks.map(({ name }) => name)
  assert.deepEqual(kept, ['audio', 'v720'])
  assert.ok(await opened.playback.sourcesFor(TENANT, 'killed'), 'playable before it is whole')
  await opened.playback.idle()
  const job = await opened.playback.job(TENANT, 'killed')
  assert.equal(job?.state, 'done')
  assert.deepEqual(
    job?.tracks.map(({ name }) => name),
    ['audio', 'v720', 'v480', 'v360', 'v240'],
  )
  const done = opened.said.filter((event) => event.type === 'media.rendition.done')
  assert.deepEqual(
    done.map((event) => event['renditionHeightPx']),
    [480, 360, 240],
    'the first rendition was made once, by the process that died',
  )
})

test('leaves nothing half-made', async () => {
  assert.deepEqual(await opened.leftovers(), [])
  const job = await opened.playback.job(TENANT, 'killed')
  const folders = new Set((await opened.media.list('titles/acme/killed')).map((key) => key.split('/')[3]))
  assert.equal([...folders].filter((name) => name?.startsWith('r')).length, 1)
  assert.equal(job?.progress, 1)
})

test('tries a step again when its child dies alone', async () => {
  let killed = 0
  const stop = opened.playback.onJob((job) => {
    if (killed === 0 && job.step.startsWith('Encoding') && job.progress > 0.1) {
      killed++
      void killChild()
    }
  })
  await opened.playback.importFile(TENANT, 'orphaned', TRAILER, { startMs: 36_000, durationMs: 3000 })
  await opened.playback.idle()
  stop()
  assert.equal(killed, 1)
  assert.equal((await opened.playback.job(TENANT, 'orphaned'))?.state, 'done')
})

/** Kills the encoder among our own children. */
async function killChild(): Promise<void> {
  const { readFileSync } = await import('node:fs')
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  for (const pid of children) {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    if (line.includes('packaged-process')) process.kill(Number(pid), 'SIGKILL')
  }
}
