import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { ratingGiven } from '#events/feedback.ts'
import { runOf } from '#events/run.ts'
import { ratingEvent } from '#storage/event-log/event-log.suite.ts'
import { packFrames, unpackFrames } from '#storage/event-log/frames.ts'
import { openLogBook } from '#storage/event-log/log-book.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'

const root = mkdtempSync(path.join(tmpdir(), 'notes-'))
after(() => rmSync(root, { recursive: true, force: true }))
const stream = ratingGiven.stream
const dirOf = (name: string): string => path.join(root, name)
const folderOf = (name: string): string => path.join(root, name, stream.name, '0')
const segmentsOf = (name: string): string[] => readdirSync(folderOf(name)).sort()
const openAt = (name: string) =>
  openSegmentLog({
    dir: dirOf(name),
    streams: [stream],
    clock: systemClock,
    log: silentLog,
    segmentBytes: 4000,
  })

/** A log of several segments, closed; the ids in it. */
async function fill(name: string): Promise<string[]> {
  const log = await openAt(name)
  const ids = Array.from({ length: 60 }, (_, i) => `e${i}`)
  for (const id of ids) await log.append(stream, runOf([ratingEvent(id)]))
  await log.close()
  assert.ok(segmentsOf(name).length > 5)
  return ids
}
async function readAll(name: string): Promise<string[]> {
  const log = await openAt(name)
  try {
    return (await log.read(stream, 0, 0, 1000))?.events().map((event) => event.eventId) ?? []
  } finally {
    await log.close()
  }
}
/** Spoils the header of the second block of a closed segment: whoever reads the file finds it. */
function spoil(name: string): void {
  const file = path.join(folderOf(name), segmentsOf(name)[1] as string)
  const bytes = readFileSync(file)
  const second = 28 + bytes.readUInt32LE(4)
  bytes[second] = (bytes[second] as number) ^ 1
  writeFileSync(file, bytes)
}

test('a start reads the last segment only; damage in a closed one is found when it is read', async () => {
  await fill('quick')
  spoil('quick')
  const log = await openAt('quick')
  assert.deepEqual(await log.ends(stream), [60])
  await assert.rejects(log.read(stream, 0, 0, 1000), /is damaged at/)
  await log.close()
})

test('without its notes a start reads every segment, and finds damage at once', async () => {
  const ids = await fill('lost')
  rmSync(path.join(dirOf('lost'), 'groups'), { recursive: true })
  assert.deepEqual(await readAll('lost'), ids)
  spoil('lost')
  rmSync(path.join(dirOf('lost'), 'groups'), { recursive: true })
  await assert.rejects(openAt('lost'), /is damaged at/)
})

test('a lost note is written again', async () => {
  await fill('again')
  rmSync(path.join(dirOf('again'), 'groups'), { recursive: true })
  const log = await openAt('again')
  await log.sweep()
  await log.close()
  spoil('again')
  const next = await openAt('again')
  assert.deepEqual(await next.ends(stream), [60])
  await next.close()
})

test('a note of another file is not believed', async () => {
  const ids = await fill('stale')
  const [, second, third] = segmentsOf('stale') as [string, string, string]
  const book = openLogBook(dirOf('stale'))
  const note = book.note(stream.name, 0, second)
  assert.ok(note !== null)
  const frames = unpackFrames(note.frames).map((frame) => ({ ...frame, position: frame.position + 3 }))
  await book.setNote(stream.name, 0, second, { ...note, frames: packFrames(frames) })
  await book.close()
  // A failed write may leave more in a file than its segment holds.
  appendFileSync(path.join(folderOf('stale'), third), Buffer.alloc(500, 7))
  assert.deepEqual(await readAll('stale'), ids)
})

test('a closed segment that lost its end is refused', async () => {
  await fill('short')
  const file = path.join(folderOf('short'), segmentsOf('short')[2] as string)
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.subarray(0, bytes.length - 5))
  await assert.rejects(openAt('short'), /is damaged at/)
})

test('a log has one identity for life, another log another', async () => {
  const identities: string[] = []
  for (const name of ['one', 'one', 'two']) {
    const log = await openAt(name)
    identities.push(log.identity)
    await log.close()
  }
  assert.equal(identities[0], identities[1])
  assert.notEqual(identities[0], identities[2])
})
