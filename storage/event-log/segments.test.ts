import assert from 'node:assert/strict'
import { fork, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { ratingGiven } from '#events/feedback.ts'
import { streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { eventLogSuite, ratingEvent } from '#storage/event-log/event-log.suite.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const root = mkdtempSync(path.join(tmpdir(), 'log-'))
const openAt = (dir: string) =>
  openSegmentLog({ dir: path.join(root, dir), streams, clock: systemClock, log: silentLog })
const feedback = ratingGiven.stream

/** Run as a child: appends without end and says which ids were acknowledged. */
async function appendForever(dir: string, prefix: string): Promise<void> {
  const log = await openSegmentLog({ dir, streams, clock: systemClock, log: silentLog })
  for (let i = 0; ; i++) {
    const ids = Array.from({ length: 1 + (i % 9) }, (_, k) => `${prefix}-${i}-${k}`)
    await log.append(feedback, runOf(ids.map(ratingEvent)))
    process.send?.(ids)
  }
}

/** Run as a child on a tiny disk: fills it, makes room, goes on, and says what was refused and what is missing. */
async function fillDisk(dir: string): Promise<void> {
  const openLog = () =>
    openSegmentLog({ dir: path.join(dir, 'log'), streams: [feedback], clock: systemClock, log: silentLog })
  const ballast = path.join(dir, 'ballast')
  writeFileSync(ballast, Buffer.alloc(1_000_000))
  const log = await openLog()
  const acknowledged: string[] = []
  const refused = new Set<unknown>()
  let goneOn = false
  for (let i = 0, failures = 0; failures < 3 || !goneOn; i++) {
    const ids = Array.from({ length: 500 }, (_, k) => `${i}-${k}`)
    try {
      await log.append(feedback, runOf(ids.map(ratingEvent)))
      acknowledged.push(...ids)
      goneOn = failures === 3
    } catch (error) {
      refused.add((error as { code?: string }).code)
      assert.ok(++failures <= 3, 'appends go on after room was made')
      if (failures === 3) rmSync(ballast)
    }
  }
  await log.close()
  const again = await openLog()
  const events = (await again.read(feedback, 0, 0, 10_000_000))?.events() ?? []
  const there = new Set(events.map((event) => event.eventId))
  await again.close()
  const missing = acknowledged.filter((id) => !there.has(id)).length
  process.stdout.write(JSON.stringify({ refused: [...refused], missing, twice: events.length - there.size }))
}

if (process.argv[2] === 'append') {
  await appendForever(process.argv[3] as string, process.argv[4] as string)
} else if (process.argv[2] === 'fill') {
  await fillDisk(process.argv[3] as string)
} else {
  after(() => rmSync(root, { recursive: true, force: true }))
  eventLogSuite('segments', openAt)

  test('segments: kill -9 while appending loses nothing that was acknowledged', async () => {
    const dir = path.join(root, 'killed')
    const acknowledged: string[] = []
    for (let round = 0; round < 6; round++) {
      const child = fork(import.meta.filename, ['append', dir, `r${round}`], { execArgv: [] })
      child.on('message', (ids) => acknowledged.push(...(ids as string[])))
      await new Promise((resolve) => child.once('message', resolve))
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 15))
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    const log = await openAt('killed')
    const [end = 0] = await log.ends(feedback)
    const batch = await log.read(feedback, 0, 0, end + 1)
    const ids = batch?.events().map((event) => event.eventId) ?? []
    const there = new Set(ids)
    assert.equal(ids.length, end)
    assert.equal(there.size, ids.length)
    assert.ok(acknowledged.length > 50)
    assert.deepEqual(
      acknowledged.filter((id) => !there.has(id)),
      [],
    )
    await log.close()
  })

  test('segments: a torn or damaged tail is cut, what stood before it stays', async () => {
    for (const damage of ['torn', 'flipped', 'garbage'] as const) {
      const first = await openAt(damage)
      await first.append(feedback, runOf([ratingEvent('kept')]))
      await first.append(feedback, runOf([ratingEvent('lost')]))
      await first.close()
      const folder = path.join(root, damage, feedback.name, '0')
      const file = path.join(folder, readdirSync(folder)[0] as string)
      const bytes = readFileSync(file)
      if (damage === 'torn') writeFileSync(file, bytes.subarray(0, bytes.length - 5))
      if (damage === 'flipped') {
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1
        writeFileSync(file, bytes)
      }
      if (damage === 'garbage') appendFileSync(file, Buffer.alloc(1000, 7))
      const second = await openAt(damage)
      await second.append(feedback, runOf([ratingEvent('next')]))
      const ids = (await second.read(feedback, 0, 0, 10))?.events().map((event) => event.eventId)
      assert.deepEqual(ids, damage === 'garbage' ? ['kept', 'lost', 'next'] : ['kept', 'next'])
      await second.close()
    }
  })

  test('segments: damage with whole blocks behind it is refused, nothing is cut', async () => {
    const log = await openAt('rotten')
    for (const id of ['a', 'b', 'c']) await log.append(feedback, runOf([ratingEvent(id)]))
    await log.close()
    const folder = path.join(root, 'rotten', feedback.name, '0')
    const file = path.join(folder, readdirSync(folder)[0] as string)
    const bytes = readFileSync(file)
    const second = 28 + bytes.readUInt32LE(4)
    bytes[second + 40] = (bytes[second + 40] as number) ^ 1
    writeFileSync(file, bytes)
    await assert.rejects(openAt('rotten'), /is damaged at/)
    assert.equal(readFileSync(file).length, bytes.length)
  })

  test('segments: a second opener is refused, until the first has closed', async () => {
    const first = await openAt('locked')
    await assert.rejects(openAt('locked'), (error: { code?: string }) => error.code === 'SV_LOG_UNAVAILABLE')
    await first.close()
    await (await openAt('locked')).close()
  })

  const ownDisks = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0
  test('segments: a full disk refuses, then goes on; what it acknowledged is there', {
    skip: !ownDisks,
  }, () => {
    const dir = path.join(root, 'full')
    mkdirSync(dir)
    const script = 'mount -t tmpfs -o size=5m none "$1" && exec "$2" "$3" fill "$1"'
    const argv = ['-rm', 'sh', '-c', script, 'sh', dir, process.execPath, import.meta.filename]
    const { stdout, stderr } = spawnSync('unshare', argv, { encoding: 'utf8' })
    assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
      refused: ['SV_LOG_UNAVAILABLE'],
      missing: 0,
      twice: 0,
    })
  })
}
