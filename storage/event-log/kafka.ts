/**
 * The event log on Apache Kafka: a topic a stream, one event a message, groups as Kafka has them. What others read there
 * is told in docs/kafka.md. Promises what the interface does: an append that was acknowledged is on every replica in sync.
 */

import type { Clock } from '#base/clock.ts'
import { createClosing } from '#base/closing.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { StreamDefinition } from '#events/define.ts'
import { refusals } from '#storage/event-log/errors.ts'
import type { EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import { type KafkaClient, openKafkaClient } from '#storage/event-log/kafka-client.ts'
import { partitionOf, readEvents } from '#storage/event-log/kafka-codec.ts'
import { startKafkaConsumer, type Taken } from '#storage/event-log/kafka-consumer.ts'
import { createKafkaProducer } from '#storage/event-log/kafka-producer.ts'
import { topicOf } from '#storage/event-log/kafka-topics.ts'
import { type KafkaUrl, readKafkaUrl } from '#storage/event-log/kafka-url.ts'
import { logColumns, split } from '#storage/event-log/rows.ts'
import { allStored } from '#storage/event-log/settle.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'

export type KafkaLogOptions = {
  /** As kafka-url.ts reads it. */
  readonly url: string
  readonly streams: readonly StreamDefinition[]
  readonly clock: Clock
  readonly log: Log
}

/** About what an event takes on the wire at most, compressed: how much a read of so many fetches at a time. */
const EVENT_BYTES = 200
const LEAST_FETCH_BYTES = 64 * 1024
const MOST_FETCH_BYTES = 8 * 1024 * 1024

export async function openKafkaLog({ url, streams, clock, log }: KafkaLogOptions): Promise<EventLog> {
  const read = readKafkaUrl(url)
  if ('problem' in read)
    throw new Refusal(refusals.unavailable, `The Kafka address is wrong: ${read.problem}.`)
  const { parts } = read
  const client = await open(parts, streams, clock)
  const topic = (stream: StreamDefinition): string => parts.prefix + stream.name
  const groupId = (group: string, stream: StreamDefinition): string =>
    `${parts.prefix}${group}.${stream.name}`
  const producer = createKafkaProducer({ client, clock, zstd: parts.zstd })
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'Kafka did not close'))
  closing.add('connections', () => client.close())
  closing.add('producer', () => producer.close())
  const consumers = new Set<{ close(): Promise<void> }>()
  closing.add('consumers', async () => {
    await Promise.all([...consumers].map((consumer) => consumer.close()))
  })
  /** Consumers that do not know yet where they begin: what is appended after them waits. */
  const beginning = new Map<string, Set<Promise<unknown>>>()
  const endsFor = (stream: StreamDefinition): Promise<number[]> => {
    const ends = client.offsets(topic(stream), 'last')
    const waiting = beginning.get(stream.name) ?? new Set()
    beginning.set(stream.name, waiting.add(ends))
    const known = (): void => void waiting.delete(ends)
    ends.then(known, known)
    return ends
  }

  let closed = false
  const identity = `${client.clusterId}/${parts.prefix}`
  const batchOf = (taken: Taken): LogBatch => toBatch(taken, identity)
  return {
    identity,
    append: async (stream, run) => {
      if (run.own.length === 0) return
      if (closed) throw new Refusal(refusals.unavailable, 'The event log is closed.')
      const waiting = beginning.get(stream.name)
      if (waiting !== undefined && waiting.size > 0) await Promise.allSettled(waiting)
      const name = topic(stream)
      const placed = split(run, { key: stream.key, partitions: client.partitions(name) }, partitionOf)
      await allStored(
        placed.map((part) => part.run),
        placed.map((part) => producer.append(name, part.partition, stream, part.run)),
      )
    },
    consume: (
      options,
      handle,
      onError = (error) => log.error({ err: error, group: options.group }, 'a batch failed'),
    ) => {
      const { group, stream } = options
      const consumer = startKafkaConsumer({
        ...options,
        client,
        topic: topic(stream),
        groupId: groupId(group, stream),
        endsThen: options.from === 'end' ? endsFor(stream) : Promise.resolve([]),
        batchOf,
        handle,
        onError,
      })
      const held = { close: () => consumer.close() }
      consumers.add(held)
      return {
        ...consumer,
        close: async () => {
          await consumer.close()
          consumers.delete(held)
        },
      }
    },
    read: (stream, partition, fromOffset, maxEvents) =>
      readBatchOf({ client, batchOf, stream, topic: topic(stream), partition, fromOffset, maxEvents }),
    ends: (stream) => client.offsets(topic(stream), 'last'),
    committed: (group, stream) => client.committed(groupId(group, stream), topic(stream)),
    seek: (group, stream, offsets) => client.commit(groupId(group, stream), topic(stream), offsets),
    close: () => {
      closed = true
      return closing.close()
    },
  }
}

/** Connects and sees that every topic is there. */
async function open(
  { brokers, tls, login, replication, prefix }: KafkaUrl,
  streams: readonly StreamDefinition[],
  clock: Clock,
): Promise<KafkaClient> {
  try {
    const client = await openKafkaClient({ brokers, tls, login, clock })
    const topics = streams.map((stream) => {
      const { topic, partitions, settings } = topicOf(stream, replication, prefix)
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
      return { topic, numPartitions: partitions, replicationFactor: replication ?? -1, configEntries }
    })
    await client.createTopics(topics).catch(async (error: unknown) => {
      await client.close()
      throw error
    })
    return client
  } catch (error) {
    throw new Refusal(refusals.unavailable, `Kafka at ${brokers.join(', ')} cannot be used.`, {
      cause: error,
    })
  }
}

type Reading = {
  readonly client: KafkaClient
  readonly batchOf: (taken: Taken) => LogBatch
  readonly stream: StreamDefinition
  readonly topic: string
  readonly partition: number
  readonly fromOffset: number
  readonly maxEvents: number
}

async function readBatchOf(reading: Reading): Promise<LogBatch | null> {
  const { client, batchOf, stream, topic, partition, maxEvents } = reading
  const [first = 0] = [(await client.offsets(topic, 'first'))[partition]]
  const [end = 0] = [(await client.offsets(topic, 'last'))[partition]]
  const fromOffset = Math.max(first, reading.fromOffset)
  const batches: Taken['batches'][number][] = []
  let count = 0
  for (let at = fromOffset; at < end && count < maxEvents; ) {
    const bytes = Math.min(Math.max((maxEvents - count) * EVENT_BYTES, LEAST_FETCH_BYTES), MOST_FETCH_BYTES)
    const fetched = await client.fetch({ topic, partition }, at, bytes)
    const last = fetched.at(-1)
    if (last === undefined) break
    for (const batch of fetched) {
      if (count >= maxEvents) break
      batches.push(batch)
      count += batch.count
    }
    at = last.lastOffset + 1
  }
  if (batches.length === 0) return null
  const batch = batchOf({ stream, partition, batches, fromOffset, takenOver: false })
  return batch.count === 0 ? null : batch
}

/** Decoded when something is asked that the batches' own headers do not say. */
function toBatch({ stream, partition, batches, fromOffset, takenOver }: Taken, identity: string): LogBatch {
  let decoded: ReturnType<typeof readEvents> | undefined
  const read = (): ReturnType<typeof readEvents> => (decoded ??= readEvents(batches, fromOffset))
  const first = batches[0] as Taken['batches'][number]
  const lastOffset = (batches.at(-1) ?? first).lastOffset
  const whole = batches.every(
    (batch) => batch.firstOffset >= fromOffset && batch.lastOffset - batch.firstOffset + 1 === batch.count,
  )
  return {
    stream,
    partition,
    firstOffset: whole ? first.firstOffset : (read().offsets[0] ?? fromOffset),
    lastOffset,
    count: whole ? batches.reduce((sum, batch) => sum + batch.count, 0) : read().events.length,
    takenOver,
    events: () => read().events,
    native: () => {
      const { events, offsets } = read()
      if (events.length === 0) return []
      return [encodeBlock(logColumns(stream), events, partition, offsets, identity)]
    },
  }
}
