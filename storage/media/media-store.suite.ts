/** What every driver of the media store must do. `openStore` gives an empty store. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
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
}
