/**
 * Three brokers, one of them killed as by a power cut while events come: what was acknowledged is there, and appends go on
 * by themselves. The broker is the leader of a partition under load.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { startKafka } from '#scripts/engines/kafka.ts'
import { playbackEvent } from '#storage/event-log/event-log.suite.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openKafkaLog } from '#storage/event-log/kafka.ts'

const kafka = await startKafka({ brokers: 3 })
after(() => kafka.stop())
const openLog = () =>
  openKafkaLog({ url: `${kafka.url}?replication=3`, streams, clock: systemClock, log: silentLog })

type Load = {
  readonly acknowledged: Set<string>
  readonly refusals: Set<unknown>
  longestGapMs: number
  stop(): Promise<void>
}

/** Appends from several hands until it is stopped; what is refused is appended again, as a player does. */
function startLoad(log: EventLog): Load {
  const acknowledged = new Set<string>()
  const refusals = new Set<unknown>()
  let stopped = false
  let last = performance.now()
  const load: Load = { acknowledged, refusals, longestGapMs: 0, stop: async () => {} }
  const append = async (hand: number): Promise<void> => {
    for (let i = 0; !stopped; i++) {
      const ids = Array.from({ length: 20 }, (_, k) => `${hand}-${i}-${k}`)
      const run = runOf(ids.map((id, k) => playbackEvent(id, `view-${hand}-${k % 5}`, i * 20 + k)))
      for (let done = false; !done; ) {
        try {
          await log.append(playbackEvents, run)
          done = true
        } catch (error) {
          refusals.add((error as { code?: string }).code)
          if (stopped) return
        }
      }
      for (const id of ids) acknowledged.add(id)
      const now = performance.now()
      load.longestGapMs = Math.max(load.longestGapMs, now - last)
      last = now
    }
  }
  const hands = Array.from({ length: 8 }, (_, hand) => append(hand))
  return Object.assign(load, {
    stop: async () => {
      stopped = true
      await Promise.all(hands)
    },
  })
}

/** Every id in the log, how often, read by a new group. */
async function readAll(log: EventLog): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  const consumer = log.consume({ group: 'reader', stream: playbackEvents, from: 'start' }, async (batch) => {
    for (const { eventId } of batch.events()) times.set(eventId, (times.get(eventId) ?? 0) + 1)
  })
  await consumer.caughtUp()
  await consumer.close()
  return times
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50))
}

test('a broker that is killed under load takes no acknowledged event with it', async (t) => {
  const log = await openLog()
  const load = startLoad(log)
  await until(() => load.acknowledged.size > 2000)
  for (const broker of [0, 1]) {
    const before = load.acknowledged.size
    await kafka.kill(broker)
    // Long after the others noticed, and with new leaders.
    await until(() => load.acknowledged.size > before + 4000)
    await kafka.restart(broker)
    // It has caught up when it may be the one that is needed: with two brokers the third is not needed to acknowledge.
    await until(() => load.acknowledged.size > before + 6000)
  }
  await load.stop()
  const times = await readAll(log)
  await log.close()
  const lost = [...load.acknowledged].filter((id) => !times.has(id))
  const twice = [...times.values()].filter((count) => count > 1).length
  t.diagnostic(
    `${load.acknowledged.size} acknowledged, ${lost.length} lost, ${twice} twice, ` +
      `longest time without an answer ${Math.round(load.longestGapMs)} ms, refused with ${[...load.refusals].join() || 'nothing'}`,
  )
  assert.deepEqual(lost, [])
  assert.deepEqual(
    [...load.refusals].filter((code) => code !== 'SV_LOG_UNAVAILABLE'),
    [],
  )
})

test('without a second replica nothing is acknowledged, and with it the log goes on', async () => {
  const log = await openLog()
  await log.append(playbackEvents, runOf([playbackEvent('before', 's')]))
  await Promise.all([kafka.kill(1), kafka.kill(2)])
  await assert.rejects(log.append(playbackEvents, runOf([playbackEvent('during', 's')])), {
    code: 'SV_LOG_UNAVAILABLE',
  })
  await Promise.all([kafka.restart(1), kafka.restart(2)])
  for (let done = false; !done; ) {
    done = await log.append(playbackEvents, runOf([playbackEvent('after', 's')])).then(
      () => true,
      () => false,
    )
  }
  const times = await readAll(log)
  assert.ok(times.has('before') && times.has('after'))
  await log.close()
})
