import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { playbackEvent } from '#storage/event-log/event-log.suite.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

async function openAll(dir: string) {
  const eventLog = await openSegmentLog({
    dir: path.join(dir, 'log'),
    streams,
    clock: systemClock,
    log: silentLog,
  })
  const warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  await ensureStreamTables(warehouse, [playbackEvents])
  const sink = await openWarehouseSink({
    eventLog,
    warehouse,
    streams: [playbackEvents],
    clock: systemClock,
    log: silentLog,
  })
  return {
    eventLog,
    warehouse,
    sink,
    close: async () => {
      await sink.close()
      await eventLog.close()
      await warehouse.close()
    },
  }
}

/** It may be gone already: killed a moment ago and not yet started again. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Run as a child: keeps appending, kills its own warehouse now and then, says how many are acknowledged. */
async function live(dir: string, round: string): Promise<void> {
  const { eventLog, warehouse } = await openAll(dir)
  const pid = (warehouse as unknown as { pid(): number }).pid
  for (let i = 0; ; i++) {
    const events = Array.from({ length: 200 }, (_, k) =>
      playbackEvent(`${round}-${i}-${k}`, `s${round}-${i}-${k % 50}`, k),
    )
    await eventLog.append(playbackEvents, runOf(events))
    process.send?.(events.length)
    if (i % 40 === 25) killIfThere(pid())
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
}

if (process.argv[2] === 'live') await live(process.argv[3] as string, process.argv[4] as string)
else {
  const root = mkdtempSync(path.join(tmpdir(), 'sink-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('what is appended can be queried soon, and caughtUpTo says until when', async () => {
    const { eventLog, warehouse, sink, close } = await openAll(path.join(root, 'fresh'))
    const before = Date.now()
    await eventLog.append(playbackEvents, runOf([playbackEvent('a', 's'), playbackEvent('b', 's', 1)]))
    await sink.caughtUp()
    const [row] = await warehouse.query<{ total: number }>({
      sql: 'SELECT count() AS total FROM playback_events',
    })
    assert.equal(row?.total, 2)
    while (sink.caughtUpTo() < before) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(await sink.lag(), 0)
    await close()
  })

  test('an answer that was lost, by an engine that forgot the token: every event is there once', async () => {
    const { eventLog, warehouse, sink, close } = await openAll(path.join(root, 'forgetful'))
    await sink.close()
    await warehouse.command({
      sql: 'ALTER TABLE playback_events MODIFY SETTING non_replicated_deduplication_window = 0',
    })
    let lost = 3
    const forgetful: Warehouse = {
      ...warehouse,
      insertNative: async (...of) => {
        await warehouse.insertNative(...of)
        if (lost-- > 0) throw new Error('the answer was lost')
      },
    }
    const ports = { eventLog, streams: [playbackEvents], clock: systemClock, log: silentLog }
    const again = await openWarehouseSink({ ...ports, warehouse: forgetful })
    for (let batch = 0; batch < 5; batch++) {
      const events = Array.from({ length: 20 }, (_, k) => playbackEvent(`f${batch}-${k}`, `s${k}`, batch))
      await eventLog.append(playbackEvents, runOf(events))
      await again.caughtUp()
    }
    const [row] = await warehouse.query({
      sql: 'SELECT count() AS total, uniqExact(eventId) AS distinct FROM playback_events',
    })
    assert.deepEqual(row, { total: 100, distinct: 100 })
    assert.ok(lost < 0)
    await again.close()
    await close()
  })

  test('killed between insert and commit, then an insert that fails: every position is there once', async () => {
    const dir = path.join(root, 'again')
    const first = await openAll(dir)
    const append = async (from: number, to: number): Promise<void> => {
      const events = Array.from({ length: to - from }, (_, i) =>
        playbackEvent(`a${from + i}`, `s${from + i}`),
      )
      await first.eventLog.append(playbackEvents, runOf(events))
    }
    await append(0, 100)
    await first.sink.caughtUp()
    await first.sink.close()
    await append(100, 150)
    // What a kill after the insert leaves: rows the group never committed.
    await first.eventLog.seek('warehouse-sink', playbackEvents, [0, 0])
    let failures = 2
    const failing: Warehouse = {
      ...first.warehouse,
      insertNative: async (...of) => {
        if (failures-- > 0) throw new Error('not now')
        return first.warehouse.insertNative(...of)
      },
    }
    const sink = await openWarehouseSink({
      eventLog: first.eventLog,
      warehouse: failing,
      streams: [playbackEvents],
      clock: systemClock,
      log: silentLog,
    })
    try {
      await sink.caughtUp()
      const [row] = await first.warehouse.query({
        sql: 'SELECT count() AS total, uniqExact(logPartition, logOffset) AS positions FROM playback_events',
      })
      assert.deepEqual([row, failures < 0], [{ total: 150, positions: 150 }, true])
    } finally {
      await sink.close()
      await first.eventLog.close()
      await first.warehouse.close()
    }
  })

  test('killed again and again, process or warehouse alone: every acknowledged event is there once', async () => {
    const dir = path.join(root, 'killed')
    let acknowledged = 0
    for (let round = 0; round < 4; round++) {
      const child = fork(import.meta.filename, ['live', dir, String(round)], { execArgv: [] })
      child.on('message', (count) => {
        acknowledged += count as number
      })
      await new Promise((resolve) => child.once('message', resolve))
      await new Promise((resolve) => setTimeout(resolve, 700 + round * 230))
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    const { eventLog, warehouse, sink, close } = await openAll(dir)
    await sink.caughtUp()
    const appended = (await eventLog.ends(playbackEvents)).reduce((sum, end) => sum + end, 0)
    const [row] = await warehouse.query<{ total: number; positions: number; ids: number }>({
      sql: 'SELECT count() AS total, uniqExact(logPartition, logOffset) AS positions, uniqExact(eventId) AS ids FROM playback_events',
    })
    assert.deepEqual(row, { total: appended, positions: appended, ids: appended })
    assert.ok(appended >= acknowledged && acknowledged > 1000)
    await close()
  })
}
