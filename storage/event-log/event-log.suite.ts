/** What every driver of the event log must do. `openLog` opens the log of a name: the same name, the same log again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredEvent } from '#events/define.ts'
import { ratingGiven } from '#events/feedback.ts'
import { playbackEvents, viewRequested } from '#events/playback.ts'
import { serverEvent } from '#events/registry.ts'
import { type EventRun, runOf } from '#events/run.ts'
import type { Consumer, EventLog } from '#storage/event-log/event-log.ts'
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
      await Promise.all([0, 100, 200].map((at) => first.append(stream, runOf(events.slice(at, at + 100)))))
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
    await first.append(feedback, runOf([ratingEvent('a'), ratingEvent('b')]))
    const seen: string[] = []
    const handle = async (batch: { events(): StoredEvent[] }): Promise<void> => {
      seen.push(...batch.events().map((event) => event.eventId))
    }
    const consumer = first.consume({ group: 'g', stream: feedback, from: 'start' }, handle)
    await consumer.caughtUp()
    await first.close()
    const second = await openLog('groups')
    await second.append(feedback, runOf([ratingEvent('c')]))
    await second.consume({ group: 'g', stream: feedback, from: 'start' }, handle).caughtUp()
    assert.deepEqual(seen, ['a', 'b', 'c'])
    const late: string[] = []
    const end = second.consume({ group: 'late', stream: feedback, from: 'end' }, async (batch) => {
      late.push(...batch.events().map((event) => event.eventId))
    })
    await second.append(feedback, runOf([ratingEvent('d')]))
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
    await log.append(feedback, runOf([ratingEvent('a')]))
    const consumer = log.consume(
      { group: 'g', stream: feedback, from: 'start' },
      async (batch) => {
        if (failures-- > 0) throw new Error('not now')
        seen.push(...batch.events().map((event) => event.eventId))
      },
      (error) => errors.push(error),
    )
    await wait(20)
    await log.append(feedback, runOf([ratingEvent('b')]))
    await consumer.caughtUp()
    assert.deepEqual(seen, ['a', 'b'])
    assert.equal(errors.length, 2)
    await log.close()
  })

  test(of('gives blocks that hold the events and their positions'), async () => {
    const log = await openLog('native')
    await log.append(feedback, runOf([ratingEvent('a'), ratingEvent('b')]))
    await log.append(feedback, runOf([ratingEvent('c')]))
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
      Array.from({ length: 500 }, (_, i) => log.append(stream, runOf([playbackEvent(`m${i}`, `s${i}`)]))),
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

  test(of('what a run shares is in each of its events, as rows and as events'), async () => {
    const log = await openLog('shared')
    const { eventId: _, seq: __, ...shared } = playbackEvent('e', 'sid')
    const run: EventRun = {
      shared,
      own: [
        { eventId: 'a', seq: 1 },
        { eventId: 'b', seq: 2, titleId: 'é' },
      ],
      said: new Set(['eventId', 'seq', 'titleId']),
    }
    await log.append(stream, run)
    const seen = await Promise.all((await log.ends(stream)).map((_, at) => log.read(stream, at, 0, 10)))
    const batch = seen.find((one) => one !== null)
    const said = ({ eventId, seq, titleId, sid }: Record<string, unknown>) => [eventId, seq, titleId, sid]
    const expected = [
      ['a', 1, 't', 'sid'],
      ['b', 2, 'é', 'sid'],
    ]
    assert.deepEqual(batch?.events().map(said), expected)
    assert.deepEqual(
      batch?.native().flatMap((block) => decodeRows(block).map(said)),
      expected,
    )
    await log.close()
  })

  test(of('offsets grow without a repetition, and each row has its own'), async () => {
    const log = await openLog('offsets')
    for (let i = 0; i < 5; i++) {
      await log.append(stream, runOf([playbackEvent(`a${i}`, 'x'), playbackEvent(`b${i}`, 'y')]))
    }
    const seen = new Map<number, number[]>()
    const consumer = log.consume({ group: 'g', stream, from: 'start' }, async (batch) => {
      const rows = batch.native().flatMap((block) => decodeRows<{ logOffset: number }>(block))
      const offsets = rows.map((row) => row.logOffset)
      assert.deepEqual([offsets[0], offsets.at(-1)], [batch.firstOffset, batch.lastOffset])
      assert.deepEqual([batch.count, batch.events().length], [rows.length, rows.length])
      seen.set(batch.partition, [...(seen.get(batch.partition) ?? []), ...offsets])
    })
    await consumer.caughtUp()
    for (const [partition, offsets] of seen) {
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].toSorted((a, b) => a - b),
      )
      assert.ok((offsets.at(-1) as number) < ((await log.ends(stream))[partition] as number))
    }
    assert.equal([...seen.values()].flat().length, 10)
    await log.close()
  })

  test(of('says of the first batch, and until one is committed, that somebody may have had it'), async () => {
    const log = await openLog('taken')
    await log.append(feedback, runOf([ratingEvent('a')]))
    const said: [boolean, number, number][] = []
    let failures = 1
    const consumer = log.consume(
      { group: 'g', stream: feedback, from: 'start' },
      async ({ takenOver, firstOffset, lastOffset }) => {
        said.push([takenOver, firstOffset, lastOffset])
        if (failures-- > 0) throw new Error('not now')
      },
      () => {},
    )
    await consumer.caughtUp()
    await log.append(feedback, runOf([ratingEvent('b')]))
    await consumer.caughtUp()
    const [first, again, next] = said
    assert.deepEqual(again, first)
    assert.deepEqual([first?.[0], next?.[0], said.length], [true, false, 3])
    await log.close()
  })

  test(of('a group that was moved back is handed the same again; lag says how much'), async () => {
    const log = await openLog('moved')
    await log.append(feedback, runOf([ratingEvent('a'), ratingEvent('b')]))
    const seen: string[] = []
    const consume = (): Consumer =>
      log.consume({ group: 'g', stream: feedback, from: 'start' }, async (batch) => {
        seen.push(...batch.events().map((event) => event.eventId))
      })
    const first = consume()
    await first.caughtUp()
    await first.close()
    const beginning = await log.ends(feedback)
    assert.deepEqual(await log.committed('g', feedback), beginning)
    assert.deepEqual(await log.committed('never', feedback), [null])
    await log.append(feedback, runOf([ratingEvent('c')]))
    await log.seek('g', feedback, [0])
    assert.deepEqual(await log.committed('g', feedback), [0])
    const second = consume()
    await second.caughtUp()
    assert.deepEqual(seen, ['a', 'b', 'a', 'b', 'c'])
    await second.close()
    await log.close()
  })

  test(of('a batch that may grow for long is handed over when somebody is in a hurry'), async () => {
    const log = await openLog('hurry')
    const begun = Promise.withResolvers<void>()
    const may = Promise.withResolvers<void>()
    const counts: number[] = []
    const consumer = log.consume(
      { group: 'g', stream: feedback, from: 'start', lingerMs: 3_600_000 },
      async (batch) => {
        counts.push(batch.count)
        begun.resolve()
        await may.promise
      },
    )
    await log.append(feedback, runOf([ratingEvent('a'), ratingEvent('b')]))
    consumer.hurry()
    await begun.promise
    // Also what came while the batch was in hand.
    await log.append(feedback, runOf([ratingEvent('c')]))
    consumer.hurry()
    may.resolve()
    await consumer.caughtUp()
    assert.deepEqual(counts, [2, 1])
    await log.close()
  })

  test(of('closing waits for the batch in hand and commits it; what comes later is refused'), async () => {
    const log = await openLog('closing')
    await log.append(feedback, runOf([ratingEvent('a')]))
    const begun = Promise.withResolvers<void>()
    const may = Promise.withResolvers<void>()
    const consumer = log.consume({ group: 'g', stream: feedback, from: 'start' }, async () => {
      begun.resolve()
      await may.promise
    })
    await begun.promise
    assert.equal(await consumer.lag(), 1)
    let closed = false
    const closing = consumer.close().then(() => (closed = true))
    await wait(50)
    assert.equal(closed, false)
    may.resolve()
    await closing
    assert.deepEqual(await log.committed('g', feedback), await log.ends(feedback))
    await log.close()
    await assert.rejects(log.append(feedback, runOf([ratingEvent('b')])), { code: 'SV_LOG_UNAVAILABLE' })
  })
}
