/** What every driver of the media store must do. `openStore` gives an empty store. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer as bytesOf } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '#base/refusal.ts'
import type { MediaStore } from '#storage/media/media-store.ts'

const textOf = async (stream: Readable): Promise<string> => {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
const refuses = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code

export function mediaStoreSuite(name: string, openStore: () => Promise<MediaStore>): void {
  const of = (title: string): string => `${name}: ${title}`

  test(of('content put as bytes, stream or file is read back whole and in ranges'), async () => {
    const store = await openStore()
    const temp = await mkdtemp(path.join(tmpdir(), 'media-'))
    await writeFile(path.join(temp, 'f'), 'from a file')
    await store.put('a/bytes.txt', Buffer.from('0123456789'))
    await store.put('a/stream.txt', Readable.from(['from ', 'a stream']))
    await store.putFile('a/b/file.txt', path.join(temp, 'f'))
    assert.equal(Buffer.from(await store.bytes('a/bytes.txt')).toString(), '0123456789')
    assert.equal(await textOf(await store.read('a/stream.txt')), 'from a stream')
    assert.equal(await textOf(await store.read('a/b/file.txt')), 'from a file')
    assert.equal(await textOf(await store.read('a/bytes.txt', { start: 2, end: 4 })), '234')
    assert.equal((await store.head('a/bytes.txt'))?.sizeBytes, 10)
    await rm(temp, { recursive: true })
    await store.close()
  })

  test(of('lists by prefix and deletes by prefix, neighbours untouched'), async () => {
    const store = await openStore()
    for (const key of ['t/a/1', 't/a/2', 't/ab/1']) await store.put(key, Buffer.from(key))
    assert.deepEqual(await store.list('t/a'), ['t/a/1', 't/a/2'])
    await store.deletePrefix('t/a')
    assert.deepEqual(await store.list('t'), ['t/ab/1'])
    assert.deepEqual(await store.list('nowhere'), [])
    await store.deletePrefix('nowhere')
    await store.close()
  })

  test(of('replaces whole: the tag changes with the content'), async () => {
    const store = await openStore()
    await store.put('k', Buffer.from('one'))
    const before = await store.head('k')
    await store.put('k', Buffer.from('three'))
    assert.notEqual((await store.head('k'))?.etag, before?.etag)
    assert.equal(Buffer.from(await store.bytes('k')).toString(), 'three')
    await store.close()
  })

  test(of('a stream that breaks leaves what was there before'), async () => {
    const store = await openStore()
    await store.put('k', Buffer.from('whole'))
    const broken = Readable.from(
      (async function* () {
        yield 'half'
        throw new Error('cut')
      })(),
    )
    await assert.rejects(store.put('k', broken), /cut/)
    assert.equal(Buffer.from(await store.bytes('k')).toString(), 'whole')
    await store.close()
  })

  test(of('refuses keys that climb or hide, ranges outside, and says what is missing'), async () => {
    const store = await openStore()
    await store.put('k', Buffer.from('12345'))
    for (const key of ['../k', 'a/../k', '/k', 'a//b', '.hidden', 'a b', 'a\\b', '', 'a\0b']) {
      await assert.rejects(store.put(key, Buffer.from('')), refuses('SV_MEDIA_BAD_KEY'), key)
      await assert.rejects(store.read(key), refuses('SV_MEDIA_BAD_KEY'), key)
    }
    await assert.rejects(store.deletePrefix(''), refuses('SV_MEDIA_BAD_KEY'))
    await assert.rejects(store.read('nothing'), refuses('SV_MEDIA_MISSING'))
    await assert.rejects(store.read('k', { start: 3, end: 9 }), refuses('SV_MEDIA_BAD_RANGE'))
    assert.equal(await store.head('nothing'), null)
    await store.close()
  })

  test(
    of('large content comes back byte for byte, as a stream, a file or bytes, and in ranges'),
    async () => {
      const store = await openStore()
      const temp = await mkdtemp(path.join(tmpdir(), 'media-'))
      const large = randomBytes(20_000_001)
      const file = path.join(temp, 'large')
      await writeFile(file, large)
      await store.put(
        'large/stream',
        Readable.from([large.subarray(0, 9_000_000), large.subarray(9_000_000)]),
      )
      await store.put('large/bytes', large)
      await store.putFile('large/file', file)
      await assert.rejects(stat(file), 'a file that was put is moved')
      for (const key of ['large/stream', 'large/bytes', 'large/file']) {
        assert.equal((await store.head(key))?.sizeBytes, large.length)
        assert.ok(large.equals(await store.bytes(key)), key)
        const range = { start: 8_388_600, end: 16_777_300 }
        assert.ok(
          large.subarray(range.start, range.end + 1).equals(await bytesOf(await store.read(key, range))),
          key,
        )
      }
      await rm(temp, { recursive: true })
      await store.close()
    },
  )

  test(of('nothing is seen of content that is not whole yet'), async () => {
    const store = await openStore()
    const source = new PassThrough()
    const putting = store.put('slow', source)
    source.write(randomBytes(9_000_000))
    await sleep(300)
    assert.equal(await store.head('slow'), null)
    assert.deepEqual(await store.list('slow'), [])
    source.end('end')
    await putting
    assert.equal((await store.head('slow'))?.sizeBytes, 9_000_003)
    await store.close()
  })

  test(of('more keys than one page of a listing are all listed in order, and all deleted'), async () => {
    const store = await openStore()
    const keys = Array.from({ length: 1100 }, (_, n) => `many/${String(n).padStart(4, '0')}`)
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from(key))))
    }
    assert.deepEqual(await store.list('many'), keys)
    await store.deletePrefix('many/')
    assert.deepEqual(await store.list(''), [])
    await store.close()
  })

  test(of('a prefix is a folder or a single key: neighbours with the same beginning stay'), async () => {
    const store = await openStore()
    for (const key of ['t/poster.jpg', 't/poster.jpg.old', 't/poster/1'])
      await store.put(key, Buffer.from(key))
    assert.deepEqual(await store.list('t/poster'), ['t/poster/1'])
    await store.deletePrefix('t/poster.jpg')
    assert.deepEqual(await store.list('t'), ['t/poster.jpg.old', 't/poster/1'])
    await store.close()
  })

  test(of('empty content is content; many read at once; one that stops reading hinders nobody'), async () => {
    const store = await openStore()
    await store.put('empty', Buffer.alloc(0))
    await store.put('emptyStream', Readable.from([]))
    assert.equal((await store.head('empty'))?.sizeBytes, 0)
    assert.equal((await store.bytes('emptyStream')).length, 0)
    const content = randomBytes(300_000)
    await store.put('k', content)
    const stopped = await Promise.all(Array.from({ length: 60 }, () => store.read('k')))
    const read = await Promise.all(Array.from({ length: 20 }, async () => bytesOf(await store.read('k'))))
    for (const one of read) assert.ok(content.equals(one))
    for (const one of stopped) one.destroy()
    await store.close()
  })
}
