/** What every driver of the event log must do. `openLog` opens the log of a name: the same name, the same log again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredEvent } from '#events/define.ts'
import { ratingGiven } from '#events/feedback.ts'
import { playbackEvents, viewRequested } from '#events/playback.ts'
import { serverEvent } from '#events/registry.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { decodeRows } from '#storage/warehouse/native.ts'

/** Today: the warehouse drops events past their retention. */
const BASE_AT = Math.floor(Date.now() / 1000) * 1000

export const playbackEvent = (id: string, sid: string, seq = 0): StoredEvent =>
  serverEvent(viewRequested as never, BASE_AT + seq, id, {
    tenantId: 'demo',
    sid,
    playerId: 'p',
    seq,
    viewerKey: null,
    titleId: 't',
    state: 'joining',
    playheadMs: 0,
    rate: 1,
    visible: true,
    deviceKind: 'desktop',
    playerName: 'n',
    playerVersion: '1',
    surface: 'watch',
    experiments: [],
    bot: false,
    kids: false,
    intent: 'click',
  })
export const ratingEvent = (id: string): StoredEvent =>
  serverEvent(ratingGiven as never, BASE_AT, id, {
    tenantId: 'demo',
    viewerKey: 'v',
    titleId: 't',
    stars: 3,
  })
const stream = playbackEvents
const feedback = ratingGiven.stream

export function eventLogSuite(name: string, openLog: (log: string) => Promise<EventLog>): void {
  const of = (title: string): string => `${name}: ${title}`
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  test(
    of('hands over what was appended, in order within a key, and again after it was opened anew'),
    async () => {
      const first = await openLog('order')
      const events = Array.from({ length: 300 }, (_, i) => playbackEvent(`e${i}`, `sid-${i % 7}`, i))
      await Promise.all([0, 100, 200].map((at) => first.append(stream, events.slice(at, at + 100))))
      await first.close()
      const second = await openLog('order')
      const seen: StoredEvent[] = []
      const consumer = second.consume({ group: 'g', stream, from: 'start' }, async (batch) => {
        assert.equal(batch.events().length, batch.count)
        seen.push(...batch.events())
      })
      await consumer.caughtUp()
      assert.equal(await consumer.lag(), 0)
      assert.equal(seen.length, 300)
      for (let key = 0; key < 7; key++) {
        const own = seen
          .filter((event) => event['sid'] === `sid-${key}`)
          .map((event) => event['seq'] as number)
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        )
      }
      await second.close()
    },
  )

  test(of('a group goes on where it committed; another group starts where it asks'), async () => {
    const first = await openLog('groups')
    await first.append(feedback, [ratingEvent('a'), ratingEvent('b')])
    const seen: string[] = []
    const handle = async (batch: { events(): StoredEvent[] }): Promise<void> => {
      seen.push(...batch.events().map((event) => event.eventId))
    }
    const consumer = first.consume({ group: 'g', stream: feedback, from: 'start' }, handle)
    await consumer.caughtUp()
    await first.close()
    const second = await openLog('groups')
    await second.append(feedback, [ratingEvent('c')])
    await second.consume({ group: 'g', stream: feedback, from: 'start' }, handle).caughtUp()
    assert.deepEqual(seen, ['a', 'b', 'c'])
    const late: string[] = []
    const end = second.consume({ group: 'late', stream: feedback, from: 'end' }, async (batch) => {
      late.push(...batch.events().map((event) => event.eventId))
    })
    await second.append(feedback, [ratingEvent('d')])
    await end.caughtUp()
    assert.deepEqual(late, ['d'])
    assert.deepEqual(await second.committed('g', feedback), await second.ends(feedback))
    await second.close()
  })

  test(of('a batch whose handler fails is handed over again, nothing after it before'), async () => {
    const log = await openLog('again')
    const seen: string[] = []
    let failures = 2
    const errors: unknown[] = []
    await log.append(feedback, [ratingEvent('a')])
    const consumer = log.consume(
      { group: 'g', stream: feedback, from: 'start' },
      async (batch) => {
        if (failures-- > 0) throw new Error('not now')
        seen.push(...batch.events().map((event) => event.eventId))
      },
      (error) => errors.push(error),
    )
    await wait(20)
    await log.append(feedback, [ratingEvent('b')])
    await consumer.caughtUp()
    assert.deepEqual(seen, ['a', 'b'])
    assert.equal(errors.length, 2)
    await log.close()
  })

  test(of('gives blocks that hold the events and their positions'), async () => {
    const log = await openLog('native')
    await log.append(feedback, [ratingEvent('a'), ratingEvent('b')])
    await log.append(feedback, [ratingEvent('c')])
    const batch = await log.read(feedback, 0, 0, 100)
    const rows = batch?.native().flatMap((block) => decodeRows(block)) ?? []
    assert.deepEqual(
      rows.map((row) => [row['eventId'], row['logPartition'], row['logOffset'], row['stars']]),
      [
        ['a', 0, 0, 3],
        ['b', 0, 1, 3],
        ['c', 0, 2, 3],
      ],
    )
    assert.equal(await log.read(feedback, 0, 3, 100), null)
    await log.close()
  })

  test(of('many appends at once are each acknowledged and each there once'), async () => {
    const log = await openLog('many')
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => log.append(stream, [playbackEvent(`m${i}`, `s${i}`)])),
    )
    const ids = new Set<string>()
    let count = 0
    for (const [partition, end] of (await log.ends(stream)).entries()) {
      for (let at = 0; at < end; ) {
        const batch = await log.read(stream, partition, at, 1000)
        for (const event of batch?.events() ?? []) ids.add(event.eventId)
        count += batch?.count ?? 0
        at = (batch?.lastOffset ?? at) + 1
      }
    }
    assert.deepEqual([ids.size, count], [500, 500])
    await log.close()
  })
}
