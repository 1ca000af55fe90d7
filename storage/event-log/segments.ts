/**
 * The embedded event log: streams and partitions as folders of segment files, group offsets in lmdb beside them.
 * Blocks are stored as the warehouse reads them, so that from here on no event is encoded again.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { open } from 'lmdb'
import { required } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import { fnv1a } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { streamColumns } from '#events/registry.ts'
import { takeLock } from '#storage/data-dir-lock.ts'
import { startConsumer } from '#storage/event-log/consumer.ts'
import { refusals } from '#storage/event-log/errors.ts'
import type { EventLog, LogBatch } from '#storage/event-log/event-log.ts'
import { openPartition, type Partition, readBlocks } from '#storage/event-log/partition.ts'
import type { Block } from '#storage/event-log/segment-file.ts'
import { createBlockEncoder, decodeRows } from '#storage/warehouse/native.ts'

export type SegmentLogOptions = {
  readonly dir: string
  readonly streams: readonly StreamDefinition[]
  readonly clock: Clock
  readonly log: Log
}

/** One writer at a time: two would give the same offsets to different events. */
export async function openSegmentLog(options: SegmentLogOptions): Promise<EventLog> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  const lock = takeLock(options.dir)
  if ('heldBy' in lock) {
    throw new Refusal(
      refusals.unavailable,
      `Process ${lock.heldBy} has the event log of ${options.dir} open.`,
    )
  }
  try {
    return openLocked(options, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

function openLocked({ dir, streams, log }: SegmentLogOptions, release: () => void): EventLog {
  const offsets = open<number, string[]>({ path: path.join(dir, 'groups'), encoding: 'msgpack' })
  const partitions = new Map<string, Partition[]>()
  for (const stream of streams) {
    const list = Array.from({ length: stream.partitions }, (_, number) => {
      const encoder = createBlockEncoder(streamColumns(stream))
      return openPartition(path.join(dir, stream.name, String(number)), number, encoder)
    })
    partitions.set(stream.name, list)
  }
  const of = (stream: StreamDefinition): Partition[] => required(partitions.get(stream.name), stream.name)
  const keyOf = (group: string, stream: StreamDefinition, partition: number): string[] => [
    group,
    stream.name,
    String(partition),
  ]
  const consumers = new Set<{ close(): Promise<void> }>()
  const commit = async (
    group: string,
    stream: StreamDefinition,
    partition: number,
    next: number,
  ): Promise<void> => {
    await offsets.put(keyOf(group, stream, partition), next)
    await offsets.flushed
  }

  return {
    append: async (stream, events) => {
      const list = of(stream)
      if (list.length === 1) {
        if (events.length > 0) await list[0]?.append(events)
        return
      }
      await Promise.all(
        split(events, stream).map(async (own, number) => {
          if (own.length > 0) await list[number]?.append(own)
        }),
      )
    },
    consume: (
      options,
      handle,
      onError = (error) => log.error({ err: error, group: options.group }, 'a batch failed'),
    ) => {
      const { group, stream, from } = options
      const consumer = startConsumer({
        ...options,
        partitions: of(stream),
        startAt: of(stream).map((partition, number) => {
          const committed = offsets.get(keyOf(group, stream, number))
          return committed ?? (from === 'start' ? 0 : partition.end())
        }),
        commit: (partition, next) => commit(group, stream, partition, next),
        batchOf: (number, blocks) => toBatch(stream, number, blocks),
        handle,
        onError,
      })
      const held = { close: () => consumer.close() }
      consumers.add(held)
      return {
        ...consumer,
        close: async () => {
          consumers.delete(held)
          await consumer.close()
        },
      }
    },
    read: async (stream, partition, fromOffset, maxEvents) => {
      const blocks = await readBlocks(required(of(stream)[partition], 'partition'), fromOffset, maxEvents)
      return blocks.length === 0 ? null : toBatch(stream, partition, blocks)
    },
    ends: async (stream) => of(stream).map((partition) => partition.end()),
    committed: async (group, stream) =>
      of(stream).map((_, number) => offsets.get(keyOf(group, stream, number)) ?? null),
    seek: async (group, stream, wanted) => {
      for (const [number, offset] of wanted.entries()) await commit(group, stream, number, offset)
    },
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.close()))
      for (const list of partitions.values()) await Promise.all(list.map((partition) => partition.close()))
      await offsets.close()
      release()
    },
  }
}

/** Events of one key go to one partition, in the order given. */
function split(events: readonly StoredEvent[], stream: StreamDefinition): StoredEvent[][] {
  const own: StoredEvent[][] = Array.from({ length: stream.partitions }, () => [])
  for (const event of events) {
    const key = event[stream.key]
    own[fnv1a(typeof key === 'string' ? key : event.eventId) % stream.partitions]?.push(event)
  }
  return own
}

function toBatch(stream: StreamDefinition, partition: number, blocks: readonly Block[]): LogBatch {
  let decoded: StoredEvent[] | undefined
  const first = required(blocks[0], 'block')
  const last = required(blocks.at(-1), 'block')
  return {
    stream,
    partition,
    firstOffset: first.firstOffset,
    lastOffset: last.firstOffset + last.count - 1,
    count: blocks.reduce((sum, block) => sum + block.count, 0),
    events: () =>
      (decoded ??= blocks.flatMap((block) => block.events ?? decodeRows<StoredEvent>(block.bytes))),
    native: () => blocks.map((block) => block.bytes),
  }
}
