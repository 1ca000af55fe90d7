/**
 * The only file that knows kafkajs. What it is used for: connections with TLS and SASL, metadata, coordinators, group
 * membership. Its producer is not used: it copies a batch once per message, and gives a sequence number again that a
 * timed-out batch may have used, after which a broker takes another batch for a repetition and drops it. Record batches
 * are our own bytes both ways.
 */
import { createRequire } from 'node:module'
import type { Admin, Broker, Cluster, Consumer, ITopicConfig, Kafka, SASLOptions } from 'kafkajs'
import { required } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import { readBatch, type StoredBatch } from '#storage/event-log/kafka-records.ts'

const load = createRequire(import.meta.url)
replaceRecordBatches()
neverWaitNegatively()
// Only now: it takes its parts when it is loaded.
const kafkajs = load('kafkajs') as typeof import('kafkajs')

export type KafkaClientOptions = {
  readonly brokers: readonly string[]
  readonly tls: boolean
  readonly login: {
    readonly username: string
    readonly password: string
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  } | null
  readonly clock: Clock
}
export type TopicPart = { readonly topic: string; readonly partition: number }
export type ProducedBatch = TopicPart & { readonly batch: Buffer }

export type KafkaClient = {
  /** What the cluster calls itself, the same from every broker. */
  readonly clusterId: string
  /** Creates the topics that are missing; the others stay as they are. */
  createTopics(topics: readonly ITopicConfig[]): Promise<void>
  /** How many partitions a topic has. */
  partitions(topic: string): number
  /** Node that takes writes of a partition; null while there is none. */
  leaderOf(place: TopicPart): number | null
  /** Asks again who leads what, over new connections where the old are gone. */
  refresh(): Promise<void>
  newProducerId(): Promise<{ producerId: bigint; producerEpoch: number }>
  /** One request with acks=all. Resolves when every batch is on every replica in sync; rejects when one is not known to be. */
  produce(leader: number, batches: readonly ProducedBatch[]): Promise<void>
  /** Whole batches from the one holding the offset, about so many bytes; none at the end. */
  fetch(place: TopicPart, fromOffset: number, maxBytes: number): Promise<StoredBatch[]>
  /** Per partition: the offset the next event will get (`last`), or the oldest one kept (`first`). */
  offsets(topic: string, which: 'first' | 'last'): Promise<number[]>
  committed(group: string, topic: string): Promise<(number | null)[]>
  /** Sets offsets of a group that has no members; null leaves one as it is. */
  commit(group: string, topic: string, offsets: readonly (number | null)[]): Promise<void>
  join(options: JoinOptions): Membership
  close(): Promise<void>
}

export type JoinOptions = {
  readonly group: string
  readonly topic: string
  /** A fetch waits so long for so many bytes. */
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytesPerPartition: number
  /** The partitions are ours from here on, until it is called again; batches of before are committed or were not. */
  readonly onAssigned: (partitions: readonly number[]) => void
  /** Handles and commits; a rejection makes the group hand the same offsets over again. */
  readonly onBatches: (fetched: Fetched) => Promise<void>
}
export type Fetched = {
  readonly partition: number
  readonly fromOffset: number
  readonly batches: readonly StoredBatch[]
  /** Tells the group that this member is alive; rejects when the group is being dealt anew. */
  heartbeat(): Promise<void>
  /** The next offset the group will read of this partition. */
  commit(next: number): Promise<void>
}
export type Membership = {
  /** Resolves with why the membership ended by itself; rejects when it could not begin. */
  readonly ended: Promise<Error>
  leave(): Promise<void>
}

/** How long what a cluster may be about to put right (a new leader, a new coordinator) is tried again. */
const PERSIST_MS = 15_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000
const REQUEST_MS = 10_000
const SESSION_MS = 30_000
const READ_UNCOMMITTED = 0

export async function openKafkaClient(options: KafkaClientOptions): Promise<KafkaClient> {
  const { clock, brokers } = options
  const kafka = new kafkajs.Kafka({
    clientId: 'streamverse',
    brokers: [...brokers],
    ssl: options.tls,
    ...(options.login === null ? {} : { sasl: options.login as SASLOptions }),
    connectionTimeout: 3000,
    requestTimeout: REQUEST_MS,
    retry: { initialRetryTime: FIRST_PAUSE_MS, maxRetryTime: LONGEST_PAUSE_MS, retries: 8 },
    // What matters of it comes as an error to whoever asked.
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const admin = kafka.admin()
  // Requests of one connection are answered in turn: writes do not wait behind reads that wait for data.
  const writing = clusterOf(kafka)
  const reading = clusterOf(kafka)
  const opened: { disconnect(): Promise<void> }[] = [admin, writing.held, reading.held]
  const close = async (): Promise<void> => {
    await Promise.allSettled(opened.map((one) => one.disconnect()))
  }
  try {
    await Promise.all([admin.connect(), writing.held.connect(), reading.held.connect()])
  } catch (error) {
    await close()
    throw error
  }
  const persist = persistence(clock)
  const { clusterId } = await admin.describeCluster().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    clusterId,
    createTopics: (topics) => createTopics(admin, topics, [writing.cluster, reading.cluster]),
    partitions: (topic) => writing.cluster.findTopicPartitionMetadata(topic).length,
    leaderOf: ({ topic, partition }) => leaderOf(writing.cluster, topic, partition),
    refresh: () => refresh(writing.cluster),
    newProducerId: () => newProducerId(writing.cluster),
    produce: (leader, batches) => produce(writing.cluster, leader, batches),
    ...readerOf(reading.cluster, persist),
    join: (join) => joinGroup(kafka, join),
    close,
  }
}

/** kafkajs hands its connections to whoever deals partitions, and to nobody else. */
function clusterOf(kafka: Kafka): { held: Consumer; cluster: Cluster } {
  let cluster: Cluster | undefined
  const held = kafka.consumer({
    groupId: 'streamverse',
    readUncommitted: true,
    partitionAssigners: [
      (given) => {
        cluster = given.cluster
        return { name: '', version: 0, assign: async () => [], protocol: () => never() }
      },
    ],
  })
  return { held, cluster: required(cluster, 'the connections of kafkajs') }
}
const never = (): never => {
  throw new Error('nobody joins with this assigner')
}

async function createTopics(
  admin: Admin,
  topics: readonly ITopicConfig[],
  clusters: readonly Cluster[],
): Promise<void> {
  const there = new Set(await admin.listTopics())
  const missing = topics.filter(({ topic }) => !there.has(topic))
  if (missing.length > 0) await admin.createTopics({ topics: [...missing], waitForLeaders: true })
  const names = topics.map(({ topic }) => topic)
  for (const cluster of clusters) await cluster.addMultipleTargetTopics(names)
}

function leaderOf(cluster: Cluster, topic: string, partition: number): number | null {
  const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)
  return found === undefined || found.leader < 0 ? null : found.leader
}

async function refresh(cluster: Cluster): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect()
  await cluster.refreshMetadata()
}

type WithProducerIds = Broker & {
  initProducerId(options: { transactionTimeout: number }): Promise<{
    producerId: string
    producerEpoch: number
  }>
}
async function newProducerId(cluster: Cluster): Promise<{ producerId: bigint; producerEpoch: number }> {
  const broker = (await cluster.findControllerBroker()) as WithProducerIds
  const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 })
  return { producerId: BigInt(producerId), producerEpoch }
}

async function produce(cluster: Cluster, leader: number, batches: readonly ProducedBatch[]): Promise<void> {
  const byTopic = Map.groupBy(batches, ({ topic }) => topic)
  const topicData = [...byTopic].map(([topic, parts]) => ({
    topic,
    partitions: parts.map(({ partition, batch }) => ({ partition, messages: [{ value: batch }] })),
  }))
  try {
    const broker = await cluster.findBroker({ nodeId: String(leader) })
    await broker.produce({ topicData, acks: -1, timeout: REQUEST_MS / 2 })
  } catch (error) {
    dropConnection(cluster, error)
    throw error
  }
}

/** A connection that was closed under a request is not used again. */
function dropConnection(cluster: Cluster, error: unknown): void {
  const { name, host, port } = error as { name: string; host?: string; port?: number }
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined) {
    cluster.removeBroker({ host, port })
  }
}

type Persist = <T>(cluster: Cluster, act: () => Promise<T>) => Promise<T>

/** Tries again what a moment may put right. */
const persistence =
  (clock: Clock): Persist =>
  async (cluster, act) => {
    const until = clock.now() + PERSIST_MS
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await act()
      } catch (error) {
        if (!mayPass(error) || clock.now() > until) throw error
        dropConnection(cluster, error)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        // What is wrong is told by the next attempt.
        await refresh(cluster).catch(() => undefined)
      }
    }
  }

/** Whether the same request may succeed a little later. */
export const mayPass = (error: unknown): boolean => {
  const { name, retriable } = error as { name: string; retriable?: boolean }
  return name === 'KafkaJSNumberOfRetriesExceeded' || retriable === true
}

/** The broker does not know this producer or its count any more: a new one is needed. */
export const isForgotten = (error: unknown): boolean =>
  [
    'UNKNOWN_PRODUCER_ID',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
  ].includes((error as { type?: string }).type ?? '')

type Reading = Pick<KafkaClient, 'fetch' | 'offsets' | 'committed' | 'commit'>
type FetchedPartition = { partition: number; messages: readonly { batch: StoredBatch }[] }

function readerOf(cluster: Cluster, persist: Persist): Reading {
  const partsOf = (topic: string): { partition: number }[] =>
    cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId }))
  const inOrder = (parts: readonly { partition: number; offset: string }[]): number[] =>
    parts.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  return {
    fetch: async ({ topic, partition }, fromOffset, maxBytes) => {
      const { responses } = (await persist(cluster, async () => {
        const leader = leaderOf(cluster, topic, partition)
        const broker = await cluster.findBroker({ nodeId: String(leader) })
        const place = { partition, fetchOffset: String(fromOffset), maxBytes }
        return broker.fetch({
          isolationLevel: READ_UNCOMMITTED,
          maxWaitTime: 0,
          topics: [{ topic, partitions: [place] }],
        })
      })) as { responses: { partitions: FetchedPartition[] }[] }
      const messages = responses[0]?.partitions[0]?.messages ?? []
      return messages.map(({ batch }) => batch).filter(({ control }) => !control)
    },
    offsets: async (topic, which) => {
      const asked = { topic, partitions: partsOf(topic), fromBeginning: which === 'first' }
      const [found] = await persist(cluster, () => cluster.fetchTopicsOffset([asked]))
      return inOrder(required(found, topic).partitions)
    },
    committed: async (group, topic) => {
      const { responses } = await persist(cluster, async () => {
        const broker = await cluster.findGroupCoordinator({ groupId: group })
        return broker.offsetFetch({
          groupId: group,
          topics: [{ topic, partitions: partsOf(topic) as never }],
        })
      })
      return inOrder(required(responses[0], topic).partitions).map((offset) => (offset < 0 ? null : offset))
    },
    commit: async (group, topic, offsets) => {
      const partitions = offsets.flatMap((offset, partition) =>
        offset === null ? [] : [{ partition, offset: String(offset) }],
      )
      await persist(cluster, async () => {
        const broker = await cluster.findGroupCoordinator({ groupId: group })
        const nobody = { groupGenerationId: -1, memberId: '' }
        await broker.offsetCommit({ groupId: group, ...nobody, topics: [{ topic, partitions }] })
      })
    },
  }
}

function joinGroup(kafka: Kafka, options: JoinOptions): Membership {
  const { group, topic } = options
  const consumer = kafka.consumer({
    groupId: group,
    readUncommitted: true,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: SESSION_MS / 10,
    maxWaitTimeInMs: options.maxWaitMs,
    minBytes: options.minBytes,
    maxBytes: options.maxBytesPerPartition * 8,
    maxBytesPerPartition: options.maxBytesPerPartition,
    // When it gives up, it is begun anew by the one that joined.
    retry: { restartOnFailure: async () => false },
  })
  const { promise: ended, resolve, reject } = Promise.withResolvers<Error>()
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
    options.onAssigned(payload.memberAssignment[topic] ?? []),
  )
  consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
  const begin = async (): Promise<void> => {
    await consumer.connect()
    // A group without offsets, or with offsets that are past their retention, begins with the oldest there is.
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: async ({ batch, heartbeat, commitOffsetsIfNecessary, resolveOffset }) => {
        const { partition, fetchedOffset } = batch as typeof batch & { fetchedOffset: string }
        await options.onBatches({
          partition,
          fromOffset: Number(fetchedOffset),
          batches: (batch.messages as unknown as { batch: StoredBatch }[]).map((message) => message.batch),
          heartbeat,
          commit: async (next) => {
            await commitOffsetsIfNecessary({
              topics: [{ topic, partitions: [{ partition, offset: String(next) }] }],
            })
            resolveOffset(String(next - 1))
          },
        })
      },
    })
  }
  const begun = begin().catch(reject)
  return {
    ended,
    leave: async () => {
      await begun
      await consumer.disconnect()
      resolve(new Error('left'))
    },
  }
}

/**
 * Puts our own record batches in the place of kafkajs's: what it is given to send as a message is a whole batch, and each
 * batch that it fetches is one message to it. The three modules are those of 2.2.4, the version package.json holds.
 */
function replaceRecordBatches(): void {
  const replace = (name: string, exports: unknown): void => {
    const file = load.resolve(`kafkajs/src/protocol/recordBatch/${name}`)
    load(file)
    required(load.cache[file], file).exports = exports
  }
  replace('record/v0/index.js', (message: { value: Buffer }) => message)
  replace('v0/index.js', {
    MAGIC_BYTE: 2,
    RecordBatch: async ({ records }: { records: readonly [{ value: Buffer }] }) => {
      const { value } = records[0]
      return { buf: value, buffer: value, size: () => value.length }
    },
  })
  replace('v0/decoder.js', async (decoder: { buffer: Buffer; offset: number }) => {
    const batch = readBatch(decoder.buffer, decoder.offset)
    if (batch === null) throw Object.assign(new Error('cut'), { name: 'KafkaJSPartialMessageError' })
    decoder.offset += batch.bytes.length
    const isControlRecord = batch.control
    return { records: [{ offset: String(batch.lastOffset), isControlRecord, batch }] }
  })
}

/**
 * kafkajs looks at its queue of requests again "when the broker's throttling is over", which without throttling is in
 * the past: Node warns of each such timer. Without throttling there is nothing to wait for.
 */
function neverWaitNegatively(): void {
  type Queue = { pending: unknown[]; throttledUntil: number; scheduleCheckPendingRequests(): void }
  const { prototype } = load('kafkajs/src/network/requestQueue/index.js') as { prototype: Queue }
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}
