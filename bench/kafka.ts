/**
 * Events through the event log on Kafka against the tools that Kafka measures itself with, on one broker of this machine,
 * in turns. Ours pays for JSON, headers and keys when it writes and for the warehouse's columns when it reads; the tools
 * move finished bytes of the same length. `node bench/run.ts kafka`.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { required } from '#base/assert.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { heartbeatSent, playbackEvents } from '#events/playback.ts'
import { serverEvent } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { startKafka } from '#scripts/engines/kafka.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openKafkaLog } from '#storage/event-log/kafka.ts'
import { writeEvents } from '#storage/event-log/kafka-codec.ts'
import { createRecordWriter } from '#storage/event-log/kafka-records.ts'

const EVENTS = 200_000
const RUN_EVENTS = 500
const RUNS_AT_ONCE = 16
const ROUNDS = 3
const BAR = 0.5
const TOPIC = playbackEvents.name

const eventAt = (i: number): StoredEvent =>
  serverEvent(
    heartbeatSent as never,
    1_780_000_000_000 + i,
    `018f3c5e-7a10-7000-8000-${String(i).padStart(12, '0')}`,
    {
      tenantId: 'demo',
      sid: `018f3c5e-0000-7000-8000-${String(i % 2000).padStart(12, '0')}`,
      playerId: `player-${i % 2000}`,
      seq: Math.floor(i / 2000),
      viewerKey: `viewer-${i % 1500}`,
      titleId: `title-${i % 300}`,
      state: 'playing',
      playheadMs: (i * 37) % 3_600_000,
      rate: 1,
      visible: true,
      deviceKind: 'desktop',
      playerName: 'streamverse',
      playerVersion: '1.0.0',
      surface: 'watch',
      bitrateKbps: 1800 + (i % 7) * 400,
      bufferMs: 4000 + (i % 11) * 500,
      intervalMs: 1000,
      experiments: [],
      bot: false,
      kids: false,
    },
  )

const median = (values: readonly number[]): number =>
  required(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)], 'a round')
const rounded = (value: number): number => Math.round(value * 100) / 100

export async function bench(): Promise<object> {
  const kafka = await startKafka()
  const dir = mkdtempSync(path.join(tmpdir(), 'bench-kafka-'))
  try {
    const events = Array.from({ length: EVENTS }, (_, i) => eventAt(i))
    const bytesPerEvent = sizeOf(events.slice(0, 1000))
    const payload = path.join(dir, 'payload')
    writeFileSync(payload, payloadOf(events.slice(0, 2000), bytesPerEvent))
    const tools = {
      classpath: kafka.classpath,
      server: required(kafka.url.split('//')[1], 'a broker'),
      payload,
    }
    const produced: { ours: number; theirs: number }[] = []
    const consumed: { ours: number; theirs: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const open = (prefix: string) =>
        openKafkaLog({
          url: `${kafka.url}?prefix=${prefix}`,
          streams: [playbackEvents],
          clock: systemClock,
          log: silentLog,
        })
      // The tool writes no events of ours: it has a topic of its own, with the same settings.
      const [prefix, toolPrefix] = [`ours${round}.`, `theirs${round}.`]
      await (await open(toolPrefix)).close()
      const log = await open(prefix)
      try {
        produced.push({
          ours: await produce(log, events),
          theirs: await theirProduce(tools, toolPrefix + TOPIC),
        })
        consumed.push({ ours: await consume(log), theirs: await theirConsume(tools, prefix + TOPIC) })
      } finally {
        await log.close()
      }
    }
    const ratios = (rates: typeof produced): number => median(rates.map(({ ours, theirs }) => ours / theirs))
    const [produceRatio, consumeRatio] = [ratios(produced), ratios(consumed)]
    const ratio = Math.min(produceRatio, consumeRatio)
    return {
      bench: 'kafka',
      ratio: rounded(ratio),
      against: "Kafka's own producer and consumer performance tools, same broker, same bytes a message",
      bar: BAR,
      pass: ratio >= BAR,
      produceRatio: rounded(produceRatio),
      consumeRatio: rounded(consumeRatio),
      produceEventsPerSecond: Math.round(median(produced.map(({ ours }) => ours))),
      consumeEventsPerSecond: Math.round(median(consumed.map(({ ours }) => ours))),
      bytesPerEvent,
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
    await kafka.stop()
  }
}

/** Key, value and headers of an event, before compression. */
function sizeOf(events: readonly StoredEvent[]): number {
  const writer = createRecordWriter()
  writeEvents(runOf(events), playbackEvents, writer)
  return Math.round(writer.size() / events.length)
}

/** The events as the producer tool takes them, one a line, each as long as a message of ours with its headers. */
const payloadOf = (events: readonly StoredEvent[], length: number): string =>
  events
    .map((event) => {
      const { eventId, type, sid } = event
      return `${JSON.stringify(event)}${sid as string}${type}${eventId}`.padEnd(length, 'x').slice(0, length)
    })
    .join('\n')

/** Events a second through `append`, each acknowledged. */
async function produce(log: EventLog, events: readonly StoredEvent[]): Promise<number> {
  const begun = performance.now()
  let next = 0
  const append = async (): Promise<void> => {
    while (next < events.length) {
      const run = events.slice(next, next + RUN_EVENTS)
      next += RUN_EVENTS
      await log.append(playbackEvents, runOf(run))
    }
  }
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, append))
  return events.length / ((performance.now() - begun) / 1000)
}

/** Events a second handed over and made into columns, from the first batch on. */
async function consume(log: EventLog): Promise<number> {
  const ends = await log.ends(playbackEvents)
  const all = ends.reduce((sum, end) => sum + end, 0)
  const { promise, resolve } = Promise.withResolvers<number>()
  let begun = 0
  let before = 0
  let seen = 0
  const consumer = log.consume(
    { group: 'bench', stream: playbackEvents, from: 'start', maxEvents: 40_000 },
    async (batch) => {
      for (const block of batch.native()) if (block.length === 0) throw new Error('a batch without columns')
      seen += batch.count
      if (begun === 0) {
        begun = performance.now()
        before = seen
      }
      if (seen >= all) resolve((seen - before) / ((performance.now() - begun) / 1000))
    },
  )
  const rate = await promise
  await consumer.close()
  return rate
}

type Tools = { readonly classpath: string; readonly server: string; readonly payload: string }

/** The better of what the tool reaches without and with the compression we use. */
async function theirProduce(tools: Tools, topic: string): Promise<number> {
  const rates: number[] = []
  for (const compression of ['none', 'zstd']) {
    const said = await runTool(tools, 'org.apache.kafka.tools.ProducerPerformance', [
      '--topic',
      topic,
      '--num-records',
      String(EVENTS),
      '--throughput',
      '-1',
      '--payload-file',
      tools.payload,
      '--payload-delimiter',
      '\\n',
      '--producer-props',
      `bootstrap.servers=${tools.server}`,
      'acks=all',
      `compression.type=${compression}`,
    ])
    const total = said.match(new RegExp(`^${EVENTS} records sent, ([\\d.]+) records/sec`, 'm'))
    rates.push(Number(required(total?.[1], `the producer tool's rate in: ${said}`)))
  }
  return Math.max(...rates)
}

/** Records a second while it fetches. */
async function theirConsume(tools: Tools, topic: string): Promise<number> {
  const said = await runTool(tools, 'org.apache.kafka.tools.ConsumerPerformance', [
    '--topic',
    topic,
    '--num-records',
    String(EVENTS),
    '--bootstrap-server',
    tools.server,
  ])
  const names = said.match(/^start\.time.*$/m)?.[0].split(', ') ?? []
  const values = said.match(/^\d{4}-\d\d-\d\d.*$/m)?.[0].split(', ') ?? []
  return Number(required(values[names.indexOf('fetch.nMsg.sec')], `the consumer tool's rate in: ${said}`))
}

function runTool({ classpath }: Tools, tool: string, args: readonly string[]): Promise<string> {
  const child = spawn(
    'java',
    ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classpath, tool, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  let wrong = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (wrong += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0 ? resolve(said) : reject(new Error(`${tool} ended with ${status}: ${wrong || said}`)),
    )
  })
}
