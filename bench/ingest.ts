/**
 * What an event costs from validated batches in memory through the durable log to a row that can be queried: CPU of this
 * process and of the warehouse together. Beside it, the engine's own copy of the same rows (INSERT SELECT from a Memory
 * table) and the same rows as newline JSON through the same warehouse process. Background merges stand still meanwhile.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert } from '#base/assert.ts'
import { systemClock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import { silentLog } from '#base/log.ts'
import { heartbeatSent, playbackEvents, stateChanged } from '#events/playback.ts'
import { type EventRun, eventsOf } from '#events/run.ts'
import { shapeOf } from '#pipelines/event-shape.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { createStreamTable } from '#storage/warehouse/ddl.ts'

const EVENTS = 200_000
/** A player's batch, as the collector hands it over: neighbours of one view, what they share said once. */
const RUN_EVENTS = 50
/** Batches that wait for the log together. */
const TOGETHER = 100
const VIEWS = 2000
/** Lines of one insert. */
const JSON_EVENTS = 40_000
const ROUNDS = 5
/** Until the code that runs is the code that stays. */
const WARM_UPS = 3
const BAR_COPY = 3
const BAR_JSON = 5
const TICK_MICROS = 10_000

function createRuns(): EventRun[] {
  const startedAt = Date.now() - 3_600_000
  const { blank } = shapeOf(heartbeatSent as never)
  const views = Array.from({ length: VIEWS }, (_, view) => ({
    sid: uuidv7(),
    playerId: uuidv7(),
    viewerKey: uuidv7(),
    titleId: `title-${view % 500}`,
    deviceKind: view % 3 === 0 ? 'phone' : 'desktop',
  }))
  return Array.from({ length: EVENTS / RUN_EVENTS }, (_, i) => {
    const firstSeq = Math.floor(i / VIEWS) * RUN_EVENTS
    const sentAt = startedAt + (i % 997) + (firstSeq + RUN_EVENTS) * 1000
    const own = Array.from({ length: RUN_EVENTS }, (_, n) => {
      const seq = firstSeq + n
      const at = startedAt + (i % 997) + seq * 1000
      const heartbeat = seq % 5 !== 4
      return {
        type: (heartbeat ? heartbeatSent : stateChanged).type,
        eventId: uuidv7(),
        createdAt: at,
        seq,
        state: 'playing',
        playheadMs: seq * 1000,
        rate: 1,
        bitrateKbps: 800 + (seq % 4) * 800,
        videoHeightPx: 720,
        bufferMs: 18_000 + ((i * RUN_EVENTS + n) % 4001),
        ...(heartbeat ? { intervalMs: 1000 } : {}),
        derivedAt: at,
      }
    })
    const shared = {
      ...blank(),
      tenantId: 'demo',
      sentAt,
      receivedAt: sentAt + 100,
      sourceFormat: 'native',
      ...views[i % VIEWS],
      visible: true,
      playerName: 'streamverse',
      playerVersion: '0.1.0',
      surface: 'watch',
    }
    return { shared, own, said: new Set(own.flatMap((event) => Object.keys(event))) }
  })
}

function insertJson(socketPath: string, table: string, body: string): Promise<void> {
  const query = encodeURIComponent(`INSERT INTO ${table} FORMAT JSONEachRow`)
  const search = `query=${query}&max_execution_time=300`
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/?${search}`, method: 'POST' }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.once('end', () => {
        if (incoming.statusCode === 200) resolve()
        else reject(new Error(Buffer.concat(chunks).toString()))
      })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

/** User and system time of a process, all its threads. */
async function cpuMicrosOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

async function openBench() {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  const socketPath = await readFile(path.join(dir, 'warehouse', 'socket'), 'utf8')
  const tables = [playbackEvents.table, 'copied', 'fromJson']
  for (const table of tables) {
    await warehouse.command({ sql: createStreamTable({ ...playbackEvents, table }) })
    await warehouse.command({ sql: `SYSTEM STOP MERGES ${table}` })
  }
  await warehouse.command({ sql: `CREATE TABLE held AS ${playbackEvents.table} ENGINE = Memory` })
  const eventLog = await openSegmentLog({
    dir: path.join(dir, 'log'),
    streams: [playbackEvents],
    clock: systemClock,
    log: silentLog,
  })
  const sink = await openWarehouseSink({
    eventLog,
    warehouse,
    streams: [playbackEvents],
    clock: systemClock,
    log: silentLog,
  })
  const cpuMicros = async (): Promise<number> => {
    const { user, system } = process.cpuUsage()
    return user + system + (await cpuMicrosOf(warehouse.pid() as number))
  }
  const close = async (): Promise<void> => {
    await sink.close()
    await eventLog.close()
    await warehouse.close()
    await rm(dir, { recursive: true, force: true })
  }
  return { warehouse, eventLog, sink, socketPath, tables, cpuMicros, close }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number
const short = (value: number): number => Number(value.toFixed(2))

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export async function bench(): Promise<object> {
  const { warehouse, eventLog, sink, socketPath, tables, cpuMicros, close } = await openBench()
  const runs = createRuns()
  const events = runs.flatMap(eventsOf)
  const ingest = async (): Promise<void> => {
    for (let at = 0; at < runs.length; at += TOGETHER) {
      await Promise.all(runs.slice(at, at + TOGETHER).map((run) => eventLog.append(playbackEvents, run)))
    }
    await sink.caughtUp()
  }
  const copy = (): Promise<void> =>
    warehouse.command({ sql: 'INSERT INTO copied SELECT * FROM held' }, { timeoutMs: 300_000 })
  const sayJson = async (): Promise<void> => {
    for (let at = 0; at < EVENTS; at += JSON_EVENTS) {
      const lines = events.slice(at, at + JSON_EVENTS).map((event) => JSON.stringify(event))
      await insertJson(socketPath, 'fromJson', lines.join('\n'))
    }
  }
  const cpuPerEvent = async (work: () => Promise<void>): Promise<number> => {
    // What the one before left behind is not cleared away at the cost of this one.
    collectGarbage()
    const before = await cpuMicros()
    await work()
    return ((await cpuMicros()) - before) / EVENTS
  }
  const checkAndEmpty = async (): Promise<void> => {
    for (const table of tables) {
      const [row] = await warehouse.query<{ total: number; span: number }>({
        sql: `SELECT count() AS total, dateDiff('second', min(derivedAt), max(derivedAt)) AS span FROM ${table}`,
      })
      assert(
        row?.total === EVENTS && row.span < 3600,
        `${table} holds ${row?.total} events over ${row?.span} s`,
      )
      await warehouse.command({ sql: `TRUNCATE TABLE ${table}` })
    }
  }
  try {
    for (let i = 0; i < WARM_UPS; i++) {
      await warehouse.command({ sql: `TRUNCATE TABLE ${playbackEvents.table}` })
      await ingest()
    }
    await warehouse.command({
      sql: `INSERT INTO held SELECT * FROM ${playbackEvents.table} ORDER BY logOffset, logPartition`,
    })
    await copy()
    await sayJson()
    await checkAndEmpty()
    const rounds: { ours: number; copied: number; json: number }[] = []
    for (let i = 0; i < ROUNDS; i++) {
      const one = {
        ours: await cpuPerEvent(ingest),
        copied: await cpuPerEvent(copy),
        json: await cpuPerEvent(sayJson),
      }
      await checkAndEmpty()
      rounds.push(one)
      console.log(
        `us CPU an event: ours ${short(one.ours)}, copy ${short(one.copied)}, newline JSON ${short(one.json)}`,
      )
    }
    const ratio = short(median(rounds.map(({ ours, copied }) => ours / copied)))
    const vsJson = short(median(rounds.map(({ ours, json }) => json / ours)))
    return {
      bench: 'ingest',
      ratio,
      vsJson,
      cpuMicrosPerEvent: short(median(rounds.map(({ ours }) => ours))),
      against: 'ClickHouse INSERT SELECT from a Memory table; newline JSON',
      bar: `ratio <= ${BAR_COPY}, vsJson >= ${BAR_JSON}`,
      pass: ratio <= BAR_COPY && vsJson >= BAR_JSON,
    }
  } finally {
    await close()
  }
}
