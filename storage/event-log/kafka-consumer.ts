/**
 * A consumer of a group on Kafka. A batch is handled, committed, then the next is taken; while it is handled the group is
 * told that this member is alive. A membership that ends by itself (brokers gone, a coordinator that moved) begins anew.
 */
import type { StreamDefinition } from '#events/define.ts'
import type { ConsumeOptions, Consumer, LogBatch } from '#storage/event-log/event-log.ts'
import type { Fetched, KafkaClient, Membership } from '#storage/event-log/kafka-client.ts'
import type { StoredBatch } from '#storage/event-log/kafka-records.ts'

export type KafkaConsumerInput = ConsumeOptions & {
  readonly client: KafkaClient
  readonly topic: string
  /** Group id on Kafka. */
  readonly groupId: string
  /** Where the partitions ended when the consumer was asked for. */
  readonly endsThen: Promise<readonly number[]>
  readonly batchOf: (taken: Taken) => LogBatch
  readonly handle: (batch: LogBatch) => Promise<void>
  readonly onError: (error: unknown) => void
}
/** Consecutive batches of a partition, to be read from an offset on. */
export type Taken = {
  readonly stream: StreamDefinition
  readonly partition: number
  readonly batches: readonly StoredBatch[]
  readonly fromOffset: number
  readonly takenOver: boolean
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
const HEARTBEAT_MS = 3000
/** A fetch is answered at the latest after so long: what a rebalance and a close wait for. */
const FETCH_WAIT_MS = 200
/** The broker lets a batch grow, and cannot be told to hurry. */
const LONGEST_LINGER_MS = 150
/** What an event takes on the wire, compressed, at least and at most about: how much makes a batch of so many. */
const SMALL_EVENT_BYTES = 50
const LARGE_EVENT_BYTES = 200
const MIN_FETCH_BYTES = 1 << 20
/** How often it is asked how far other members of the group are. */
const LOOK_MS = 100

export function startKafkaConsumer(input: KafkaConsumerInput): Consumer {
  const { client, topic, groupId, onError, maxEvents = 10_000, lingerMs = 0 } = input
  /** Offsets this consumer committed: other members' are asked for. */
  const committed = new Map<number, number>()
  /** Partitions whose next batch may hold what was handled before. */
  const unsure = new Set<number>()
  const wakers = new Set<() => void>()
  /** Where a group begins that begins at the end. */
  let startsAt = input.endsThen
  let closed = false

  /** Resolves after so long, at the next commit, or when the consumer is closed. */
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        wakers.delete(done)
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(done, ms)
      wakers.add(done)
    })
  const wake = (): void => {
    for (const done of wakers) done()
  }
  const pause = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0 && !closed; left -= HEARTBEAT_MS) await wait(Math.min(left, HEARTBEAT_MS))
  }

  const handleUntilDone = async (batch: LogBatch, fetched: Fetched): Promise<void> => {
    let lost: unknown = null
    const beating = setInterval(() => {
      fetched.heartbeat().catch((error: unknown) => {
        lost = error
        wake()
      })
    }, HEARTBEAT_MS)
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        try {
          await input.handle(batch)
          break
        } catch (error) {
          onError(error)
          await pause(pauseMs)
          // Whoever has the partition next is handed the batch.
          if (closed || lost !== null) throw lost ?? new Error('closed')
        }
      }
      await fetched.commit(batch.lastOffset + 1)
    } finally {
      clearInterval(beating)
    }
    committed.set(batch.partition, batch.lastOffset + 1)
    wake()
  }
  const onBatches = async (fetched: Fetched): Promise<void> => {
    const { partition } = fetched
    let { fromOffset } = fetched
    for (const batches of groupsOf(fetched.batches, maxEvents)) {
      if (closed) return
      const takenOver = unsure.has(partition)
      unsure.add(partition)
      const batch = input.batchOf({ stream: input.stream, partition, batches, fromOffset, takenOver })
      await handleUntilDone(batch, fetched)
      unsure.delete(partition)
      fromOffset = batch.lastOffset + 1
    }
  }
  /** A group that begins at the end begins where that was when it was asked for, also if nothing comes for long. */
  const setStart = async (): Promise<void> => {
    // Asked in any case: a coordinator that was just chosen answers when it is ready, a join it would refuse.
    const known = await client.committed(groupId, topic)
    if (input.from === 'start' || known.every((offset) => offset !== null)) return
    startsAt = startsAt.catch(() => client.offsets(topic, 'last'))
    const ends = await startsAt
    await client.commit(
      groupId,
      topic,
      known.map((offset, partition) => (offset === null ? (ends[partition] ?? 0) : null)),
    )
  }
  const join = (): Membership =>
    client.join({
      group: groupId,
      topic,
      maxWaitMs: lingerMs > 0 ? Math.min(lingerMs, LONGEST_LINGER_MS) : FETCH_WAIT_MS,
      minBytes: lingerMs > 0 ? maxEvents * SMALL_EVENT_BYTES : 1,
      maxBytesPerPartition: Math.max(MIN_FETCH_BYTES, maxEvents * LARGE_EVENT_BYTES),
      onAssigned: (partitions) => {
        for (const partition of partitions) unsure.add(partition)
      },
      onBatches,
    })
  let membership: Membership | null = null
  const run = async (): Promise<void> => {
    while (!closed) {
      try {
        await setStart()
        if (closed) break
        membership = join()
        const error = await membership.ended
        if (!closed) onError(error)
      } catch (error) {
        if (!closed) onError(error)
      }
      if (!closed) await leave()
      await pause(LONGEST_PAUSE_MS / 5)
    }
  }
  const leave = async (): Promise<void> => {
    const left = membership
    membership = null
    // It may be that the coordinator is not there to hear it; it misses the heartbeats then.
    await left?.leave().catch(() => undefined)
  }
  void run()

  /** Per partition how far the group is, as far as this consumer knows; what it does not know is asked for. */
  const nexts = async (ends: readonly number[], firsts: readonly number[]): Promise<number[]> => {
    const own = ends.map((_, partition) => committed.get(partition) ?? null)
    const enough = ends.every((end, partition) => (own[partition] ?? firsts[partition] ?? 0) >= end)
    const asked = enough ? own : await client.committed(groupId, topic)
    const starts = input.from === 'start' ? firsts : await startsAt
    return ends.map((_, partition) =>
      Math.max(own[partition] ?? 0, asked[partition] ?? starts[partition] ?? 0, firsts[partition] ?? 0),
    )
  }
  const bounds = () => Promise.all([client.offsets(topic, 'last'), client.offsets(topic, 'first')])
  /** What the cluster answers, however long it is away; null when the consumer is closed before. */
  const patiently = async <T>(ask: () => Promise<T>): Promise<T | null> => {
    while (!closed) {
      try {
        return await ask()
      } catch (error) {
        if (!closed) onError(error)
        await pause(LONGEST_PAUSE_MS)
      }
    }
    return null
  }
  return {
    caughtUp: async () => {
      const then = await patiently(bounds)
      while (then !== null && !closed) {
        const [ends, firsts] = then
        const now = await patiently(() => nexts(ends, firsts))
        if (now?.every((next, partition) => next >= (ends[partition] ?? 0))) return
        await wait(LOOK_MS)
      }
    },
    hurry: () => {},
    lag: async () => {
      const [ends, firsts] = await bounds()
      const now = await nexts(ends, firsts)
      return ends.reduce((sum, end, partition) => sum + Math.max(0, end - (now[partition] ?? 0)), 0)
    },
    close: async () => {
      closed = true
      wake()
      await leave()
    },
  }
}

/** Whole batches together, until there are about so many events. */
function* groupsOf(batches: readonly StoredBatch[], maxEvents: number): Generator<StoredBatch[]> {
  let group: StoredBatch[] = []
  let count = 0
  for (const batch of batches) {
    group.push(batch)
    count += batch.count
    if (count >= maxEvents) {
      yield group
      group = []
      count = 0
    }
  }
  if (group.length > 0) yield group
}
