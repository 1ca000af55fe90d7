/** Disks that fail: what was refused is not there, what was acknowledged is, and appends go on by themselves. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { ratingGiven } from '#events/feedback.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { PartlyStored } from '#storage/event-log/errors.ts'
import { playbackEvent, ratingEvent } from '#storage/event-log/event-log.suite.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const root = mkdtempSync(path.join(tmpdir(), 'failed-writes-'))
after(() => rmSync(root, { recursive: true, force: true }))
const stream = ratingGiven.stream
const openAt = (name: string, more: object = {}) =>
  openSegmentLog({ dir: path.join(root, name), streams, clock: systemClock, log: silentLog, ...more })
const filesOf = (name: string): string[] => readdirSync(path.join(root, name, stream.name, '0')).sort()
async function idsOf(name: string): Promise<string[]> {
  const log = await openAt(name)
  const batch = await log.read(stream, 0, 0, 1000)
  await log.close()
  return batch?.events().map((event) => event.eventId) ?? []
}

const probe = await open(path.join(root, 'probe'), 'w')
const handles = Object.getPrototypeOf(probe) as FileHandle
await probe.close()
const { writev, truncate } = handles
const eio = (): Error => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
after(() => Object.assign(handles, { writev, truncate }))

/** The next write puts its bytes into the file and then fails, as a sync does; with `cut` false they stay there. */
function failOnce(cut: boolean): void {
  handles.writev = async function (this: FileHandle, buffers: NodeJS.ArrayBufferView[]) {
    Object.assign(handles, { writev })
    await writev.call(this, buffers)
    throw eio()
  } as typeof writev
  if (cut) return
  handles.truncate = async () => {
    Object.assign(handles, { truncate })
    throw eio()
  }
}

for (const cut of [true, false]) {
  test(`after a sync that failed the segment is left${cut ? '' : ', even where it cannot be cut'}`, async () => {
    const name = `left-${cut}`
    const log = await openAt(name)
    await log.append(stream, runOf([ratingEvent('a')]))
    failOnce(cut)
    await assert.rejects(log.append(stream, runOf([ratingEvent('b')])), { code: 'SV_LOG_UNAVAILABLE' })
    await log.append(stream, runOf([ratingEvent('b'), ratingEvent('c')]))
    assert.deepEqual(filesOf(name), ['0000000000000000.log', '0000000000000001.log'])
    const ids = (await log.read(stream, 0, 0, 10))?.events().map((event) => event.eventId)
    assert.deepEqual(ids, ['a', 'b', 'c'])
    await log.close()
    assert.deepEqual(await idsOf(name), ['a', 'b', 'c'])
    rmSync(path.join(root, name, 'groups'), { recursive: true })
    assert.deepEqual(await idsOf(name), ['a', 'b', 'c'])
  })
}

test('an empty segment whose first write failed is begun again on new pages', async () => {
  const log = await openAt('first')
  failOnce(false)
  await assert.rejects(log.append(stream, runOf([ratingEvent('a')])), { code: 'SV_LOG_UNAVAILABLE' })
  await log.append(stream, runOf([ratingEvent('a')]))
  await log.close()
  assert.deepEqual(await idsOf('first'), ['a'])
})

test('killed right after a failed write, the next start has what was acknowledged', async () => {
  const log = await openAt('killed')
  await log.append(stream, runOf([ratingEvent('a')]))
  failOnce(true)
  await assert.rejects(log.append(stream, runOf([ratingEvent('b')])))
  cpSync(path.join(root, 'killed'), path.join(root, 'copy'), {
    recursive: true,
    filter: (from) => !from.endsWith('lock'),
  })
  await log.close()
  assert.deepEqual(await idsOf('copy'), ['a'])
})

test('where some partitions fail, the error says what is stored', async () => {
  const log = await openAt('partly')
  failOnce(true)
  const events = Array.from({ length: 40 }, (_, i) => playbackEvent(`p${i}`, `s${i}`))
  const error: unknown = await log.append(playbackEvents, runOf(events)).catch((why: unknown) => why)
  assert.ok(error instanceof PartlyStored)
  const stored = new Set(error.stored.flatMap(({ own }) => own.map((event) => event['eventId'])))
  assert.ok(stored.size > 0 && stored.size < 40)
  await log.append(playbackEvents, runOf(events.filter((event) => !stored.has(event.eventId))))
  const ids: string[] = []
  for (const [partition] of (await log.ends(playbackEvents)).entries()) {
    const batch = await log.read(playbackEvents, partition, 0, 1000)
    ids.push(...(batch?.events().map((event) => event.eventId) ?? []))
  }
  assert.deepEqual(ids.toSorted(), events.map((event) => event.eventId).toSorted())
  await log.close()
})

test('while the disk is slow what waits is bounded in events and in bytes; the rest is refused', async () => {
  for (const waiting of [
    { events: 100, bytes: 1e9 },
    { events: 1e9, bytes: 5000 },
  ]) {
    const name = `slow-${waiting.events}`
    const log = await openAt(name, { waiting })
    const slow = Promise.withResolvers<void>()
    handles.writev = async function (this: FileHandle, buffers: NodeJS.ArrayBufferView[]) {
      await slow.promise
      return writev.call(this, buffers)
    } as typeof writev
    const appends = Array.from({ length: 1000 }, (_, i) => log.append(stream, runOf([ratingEvent(`e${i}`)])))
    const ends = Promise.allSettled(appends)
    await new Promise((resolve) => setTimeout(resolve, 50))
    slow.resolve()
    const settled = await ends
    Object.assign(handles, { writev })
    const taken = settled.filter(({ status }) => status === 'fulfilled').length
    const refused = settled.flatMap((end) =>
      end.status === 'rejected' ? [(end.reason as Error & { code: string }).code] : [],
    )
    assert.deepEqual([...new Set(refused)], ['SV_LOG_FULL'])
    assert.ok(taken > 0 && taken <= 100, `${taken} were taken`)
    await log.append(stream, runOf([ratingEvent('after')]))
    await log.close()
    assert.equal((await idsOf(name)).length, taken + 1)
  }
})
