/**
 * Events on their way to Kafka. Appends that wait together leave as one batch a partition, batches of one broker as one
 * request. Of a partition one batch is under way at a time, and it is sent again as the same bytes with the same stamp
 * until the broker has said that it has it: so order holds, and a broker knows a repetition.
 */
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import type { StreamDefinition } from '#events/define.ts'
import type { EventRun } from '#events/run.ts'
import { refusals } from '#storage/event-log/errors.ts'
import { isForgotten, type KafkaClient, mayPass } from '#storage/event-log/kafka-client.ts'
import { writeEvents } from '#storage/event-log/kafka-codec.ts'
import { createRecordWriter, encodeBatch, type Records } from '#storage/event-log/kafka-records.ts'

/** A batch is closed at this size: below what a topic takes by default (1 MiB), so that topics others made work too. */
const BATCH_BYTES = 900_000
/** Encoded and not yet acknowledged: beyond it appends are refused. */
const WAITING_BYTES = 64 * 1024 * 1024
/** How long a batch is tried before its appends are refused: longer than a cluster takes to replace a lost broker. */
const GIVE_UP_MS = 15_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500
const LARGEST_SEQUENCE = 0x7fffffff

type Batch = {
  readonly records: Records
  readonly done: PromiseWithResolvers<void>
  readonly giveUpAt: number
  pauseMs: number
  /** Stamped and compressed, as it goes over the wire, each time the same. */
  encoded: Buffer | null
}
type Lane = {
  readonly topic: string
  readonly partition: number
  readonly writer: ReturnType<typeof createRecordWriter>
  /** What is being written, and who waits for it. */
  young: PromiseWithResolvers<void>
  readonly closed: Batch[]
  /** The batch under way, or between two attempts. */
  current: Batch | null
  /** The batch failed together with others: which of them was at fault shows when it is sent alone. */
  alone: boolean
  stamp: { producerId: bigint; producerEpoch: number; nextSequence: number } | null
}

export type KafkaProducer = {
  append(topic: string, partition: number, stream: StreamDefinition, run: EventRun): Promise<void>
  /** Waits for what was appended, then takes no more. */
  close(): Promise<void>
}
export type KafkaProducerOptions = {
  readonly client: KafkaClient
  readonly clock: Clock
  readonly zstd: boolean
}

export function createKafkaProducer({ client, clock, zstd }: KafkaProducerOptions): KafkaProducer {
  const lanes = new Map<string, Lane>()
  let waitingBytes = 0
  let scheduled = false
  let closing = false

  const laneOf = (topic: string, partition: number): Lane => {
    const name = `${topic}/${partition}`
    let lane = lanes.get(name)
    if (lane === undefined) {
      lane = {
        topic,
        partition,
        writer: createRecordWriter(),
        young: waited(),
        closed: [],
        current: null,
        alone: false,
        stamp: null,
      }
      lanes.set(name, lane)
    }
    return lane
  }
  const closeBatch = (lane: Lane): void => {
    const records = lane.writer.take()
    waitingBytes += records.bytes.length
    lane.closed.push({
      records,
      done: lane.young,
      giveUpAt: clock.now() + GIVE_UP_MS,
      pauseMs: FIRST_PAUSE_MS,
      encoded: null,
    })
    lane.young = waited()
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      sendWaiting()
    })
  }
  /** Takes the next batch of every lane that has none under way, and sends together what goes to one broker. */
  const sendWaiting = (): void => {
    const together = new Map<number, Lane[]>()
    for (const lane of lanes.values()) {
      if (lane.current !== null) continue
      if (lane.closed.length === 0 && lane.writer.count() > 0) closeBatch(lane)
      const next = lane.closed.shift()
      if (next === undefined) continue
      lane.current = next
      const leader = client.leaderOf(lane)
      if (leader === null) void tryLater(lane, new Error('the partition has no leader'))
      else together.set(leader, [...(together.get(leader) ?? []), lane])
    }
    for (const [leader, sent] of together) void send(leader, sent)
  }
  const send = async (leader: number, sent: readonly Lane[]): Promise<void> => {
    try {
      const batches = await Promise.all(sent.map(encode))
      await client.produce(leader, batches)
      for (const lane of sent) finish(lane)
      schedule()
    } catch (error) {
      for (const lane of sent) {
        lane.alone = sent.length > 1
        if (!lane.alone && isForgotten(error)) forget(lane)
        void tryLater(lane, error)
      }
    }
  }
  const encode = async (lane: Lane) => {
    const batch = lane.current as Batch
    lane.stamp ??= { ...(await client.newProducerId()), nextSequence: 0 }
    batch.encoded ??= await encodeBatch(
      batch.records,
      { ...lane.stamp, firstSequence: lane.stamp.nextSequence },
      { zstd, at: clock.now() },
    )
    return { topic: lane.topic, partition: lane.partition, batch: batch.encoded }
  }
  const finish = (lane: Lane): void => {
    const batch = release(lane)
    lane.alone = false
    if (lane.stamp !== null) {
      lane.stamp.nextSequence = (lane.stamp.nextSequence + batch.records.count) % (LARGEST_SEQUENCE + 1)
    }
    batch.done.resolve()
  }
  const release = (lane: Lane): Batch => {
    const batch = lane.current as Batch
    lane.current = null
    waitingBytes -= batch.records.bytes.length
    return batch
  }
  /**
   * A batch that was given up may yet be in the log. The sequence numbers it used are never used again, since a broker
   * that has it would take another batch with them for a repetition: the lane goes on as a new producer.
   */
  const forget = (lane: Lane): void => {
    lane.stamp = null
    if (lane.current !== null) lane.current.encoded = null
  }
  const tryLater = async (lane: Lane, error: unknown): Promise<void> => {
    const batch = lane.current as Batch
    const again = lane.alone || mayPass(error) || isForgotten(error) || client.leaderOf(lane) === null
    if (!again || clock.now() > batch.giveUpAt) {
      release(lane)
      forget(lane)
      lane.alone = false
      batch.done.reject(new Refusal(refusals.unavailable, 'Kafka did not take the events.', { cause: error }))
      schedule()
      return
    }
    await new Promise((resolve) => setTimeout(resolve, batch.pauseMs))
    batch.pauseMs = Math.min(batch.pauseMs * 2, LONGEST_PAUSE_MS)
    // What is wrong with the cluster is told by the next attempt.
    await client.refresh().catch(() => undefined)
    const leader = client.leaderOf(lane)
    if (leader === null) await tryLater(lane, error)
    else await send(leader, [lane])
  }
  return {
    append: async (topic, partition, stream, run) => {
      if (closing) throw new Refusal(refusals.unavailable, 'The event log is closed.')
      const lane = laneOf(topic, partition)
      if (waitingBytes + lane.writer.size() > WAITING_BYTES) {
        throw new Refusal(refusals.full, 'The event log has too much to send to Kafka.')
      }
      const parts = new Set<Promise<void>>()
      writeEvents(run, stream, lane.writer, () => {
        parts.add(lane.young.promise)
        if (lane.writer.size() > BATCH_BYTES) closeBatch(lane)
      })
      schedule()
      await Promise.all(parts)
    },
    close: async () => {
      closing = true
      const waiting = [...lanes.values()].flatMap((lane) => [
        ...(lane.current === null ? [] : [lane.current.done.promise]),
        ...lane.closed.map((batch) => batch.done.promise),
        ...(lane.writer.count() > 0 ? [lane.young.promise] : []),
      ])
      await Promise.allSettled(waiting)
    },
  }
}

/** A promise whose rejection somebody always hears of: an append may have been of several. */
function waited(): PromiseWithResolvers<void> {
  const all = Promise.withResolvers<void>()
  all.promise.catch(() => undefined)
  return all
}
