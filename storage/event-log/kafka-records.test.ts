import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { ratingGiven } from '#events/feedback.ts'
import { playbackEvents } from '#events/playback.ts'
import { type EventRun, eventsOf, runOf } from '#events/run.ts'
import { crc32c } from '#storage/event-log/crc32c.ts'
import { playbackEvent, ratingEvent } from '#storage/event-log/event-log.suite.ts'
import { partitionOf, readEvents, writeEvents } from '#storage/event-log/kafka-codec.ts'
import { createRecordWriter, encodeBatch, headerSet, readBatch } from '#storage/event-log/kafka-records.ts'

/** kafkajs's own reader and partitioner, untouched: this file does not load our client. */
const load = createRequire(import.meta.url)
const stamp = { producerId: 7n, producerEpoch: 1, firstSequence: 41 }

const batchOf = async (run: EventRun, stream = playbackEvents as never, zstd = false): Promise<Buffer> => {
  const writer = createRecordWriter()
  writeEvents(run, stream, writer)
  return encodeBatch(writer.take(), stamp, { zstd, at: 1_700_000_000_000 })
}

test('the checksum is the one of the published vectors', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e)
})

test('another client reads keys, values and CloudEvents headers from a batch', async () => {
  const events = [playbackEvent('e-é', 'sid-1'), playbackEvent('x'.repeat(64), 'sid-2', 70_000)]
  const decode = load('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (decoder: object) => Promise<{
    producerId: string
    firstSequence: number
    lastOffsetDelta: number
    records: { key: Buffer; value: Buffer; headers: Record<string, Buffer>; offset: string }[]
  }>
  const Decoder = load('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object
  const batch = await decode(new Decoder(await batchOf(runOf(events))))
  assert.deepEqual([batch.producerId, batch.firstSequence, batch.lastOffsetDelta], ['7', 41, 1])
  batch.records.forEach((record, i) => {
    const event = events[i]
    assert.deepEqual(JSON.parse(record.value.toString()), event)
    assert.equal(record.key.toString(), event?.['sid'])
    assert.deepEqual(
      Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, value.toString()])),
      {
        ce_specversion: '1.0',
        ce_type: 'playback.view.requested',
        ce_dataschema: 'urn:streamverse:event:playback.view.requested:1',
        ce_id: event?.eventId,
        ce_source: '/tenants/demo',
        ce_time: new Date(event?.createdAt as number).toISOString(),
        'content-type': 'application/json',
      },
    )
  })
})

test('events come back as they were, compressed or not, from any offset on', async () => {
  const events = Array.from({ length: 300 }, (_, i) => playbackEvent(`e${i}`, `s${i % 7}`, i))
  for (const zstd of [false, true]) {
    const bytes = await batchOf(runOf(events), playbackEvents as never, zstd)
    bytes.writeBigInt64BE(5000n, 0)
    const batch = readBatch(bytes, 0)
    assert.ok(batch !== null)
    assert.deepEqual([batch.firstOffset, batch.lastOffset, batch.count], [5000, 5299, 300])
    assert.deepEqual(readEvents([batch], 0).events, events)
    const late = readEvents([batch], 5290)
    assert.deepEqual(late.offsets, [5290, 5291, 5292, 5293, 5294, 5295, 5296, 5297, 5298, 5299])
    assert.deepEqual(late.events, events.slice(290))
  }
})

test('what a run shares is in each of its messages', async () => {
  const { eventId: _, seq: __, titleId, ...shared } = playbackEvent('e', 's')
  const run: EventRun = {
    shared: { ...shared, titleId },
    own: [
      { eventId: 'a', seq: 1 },
      { eventId: 'b', seq: 2, titleId: 'other' },
    ],
    said: new Set(['eventId', 'seq', 'titleId']),
  }
  const batch = readBatch(await batchOf(run), 0)
  assert.ok(batch !== null)
  assert.deepEqual(readEvents([batch], 0).events, eventsOf(run))
})

test('records of every length are read back, ASCII or not', async () => {
  const lengths = [0, 1, 20, 63, 64, 65, 127, 128, 5000, 8100, 8192, 9000, 400_000]
  const values = lengths.flatMap((length) => [
    'x'.repeat(length),
    'é'.repeat(length),
    `${'x'.repeat(length)}€`,
  ])
  const writer = createRecordWriter()
  const none = headerSet({}, [])
  for (const value of values) writer.add(value, JSON.stringify(value), none, [])
  const batch = readBatch(await encodeBatch(writer.take(), stamp, { zstd: true, at: 0 }), 0)
  assert.ok(batch !== null)
  assert.deepEqual(readEvents([batch], 0).events as unknown[], values)
})

test('a batch that is cut is left for the next fetch, one that is damaged is refused', async () => {
  const bytes = await batchOf(runOf([ratingEvent('a')]), ratingGiven.stream as never)
  assert.equal(readBatch(bytes.subarray(0, bytes.length - 1), 0), null)
  bytes[70] = (bytes[70] as number) ^ 1
  assert.throws(() => readBatch(bytes, 0), /damaged record batch/)
})

test("keys go to the partitions that Kafka's default partitioner gives them", () => {
  const { DefaultPartitioner } = (load('kafkajs') as typeof import('kafkajs')).Partitioners
  const theirs = DefaultPartitioner()
  for (let i = 0; i < 500; i++) {
    const key = `k${'é'.repeat(i % 3)}${i}`
    const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({ partitionId, leader: 1 }))
    const args = { topic: 't', message: { key, value: '' }, partitionMetadata } as never
    assert.equal(partitionOf(key, 12), theirs(args), key)
  }
})
