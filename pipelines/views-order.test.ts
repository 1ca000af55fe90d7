import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StoredEvent } from '#events/define.ts'
import {
  beat,
  begin,
  build,
  insert,
  NOW,
  pick,
  START,
  type Step,
  trace,
  viewOf,
  warehouse,
} from '#pipelines/views.fixture.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'

/** The same events by a clock that is wrong by `clockMs`, as the collector stamps them. */
const onClock = (events: readonly StoredEvent[], clockMs: number): StoredEvent[] =>
  events.map((event) => ({
    ...event,
    createdAt: event.createdAt + clockMs,
    sentAt: event.sentAt + clockMs,
    derivedAt: event.derivedAt + (Math.abs(clockMs) > 300_000 ? 100 : clockMs),
  }))

test('a clock wrong by hours or by just under five minutes tears no view apart; one set anew is followed', async () => {
  const steps: Step[] = [...begin, beat(5.4, 5), [9.4, 'view.ended', 'ended', 9, { endReason: 'completed' }]]
  const figures = ['startupMs', 'watchMs', 'playingMs', 'contentMs']
  const right = pick(await build('clock-right', steps), ...figures)
  const hour = 3_600_000
  for (const [name, clockMs] of Object.entries({
    slow: -299_950,
    fast: 299_800,
    old: -20 * hour,
    new: hour,
  })) {
    const sid = `clock-${name}`
    // Each batch takes its own time on the way.
    const events = onClock(trace(sid, steps), clockMs).map((event, i) => ({
      ...event,
      receivedAt: event.receivedAt + 130 * i,
    }))
    await insert(events)
    await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], NOW))
    const row = await viewOf(sid)
    assert.deepEqual(pick(row, ...figures), right, name)
    const startedAt = Date.parse(`${String(row['startedAt']).replace(' ', 'T')}Z`)
    const offMs = Math.abs(startedAt - START)
    assert.ok(offMs < (Math.abs(clockMs) > hour ? 200 : 300_200), `${name} started ${offMs} ms off`)
  }
  const plain = trace('clock-set', steps)
  await insert([...plain.slice(0, 3), ...onClock(plain.slice(3), hour)])
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: 'clock-set' }], NOW))
  const set = await viewOf('clock-set')
  assert.ok(Math.abs((set['playingMs'] as number) - 9000) <= 200, String(set['playingMs']))
})

test('shuffled, tripled, split and delayed events give the same bytes', async () => {
  const kinds = ['state.changed', 'heartbeat.sent', 'seek.started', 'seek.ended', 'rendition.changed']
  const states = ['playing', 'paused', 'rebuffering', 'seeking']
  const step = fc.record({
    gap: fc.integer({ min: 0, max: 9000 }),
    kind: fc.constantFrom(...kinds),
    state: fc.constantFrom(...states),
    move: fc.integer({ min: -3000, max: 9000 }),
  })
  let round = 0
  const dump = async (sid: string): Promise<string> => {
    const { sid: _, ...row } = await viewOf(sid)
    return JSON.stringify(row)
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 0, max: 90_000_000 }),
      fc.constantFrom(0, -299_800, 299_800),
      async (steps, order, delay, clockMs) => {
        const draw = (): number => order.next().value as number
        let at = 0.4
        let playhead = 0
        const made = steps.map(({ gap, kind, state, move }): Step => {
          at += gap / 1000
          playhead = Math.max(0, playhead + move / 1000)
          return [at, kind, state, playhead, kind === 'heartbeat.sent' ? { intervalMs: 5000 } : {}]
        })
        const sid = `prop-${round++}`
        const straight = onClock(trace(sid, [...begin, ...made]), clockMs)
        await insert(straight)
        await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], NOW))
        const mixedSid = `${sid}-mixed`
        const mixed = [...straight, ...straight, ...straight].map((event) => {
          const laterMs = draw() % (delay + 1)
          const onTheWayMs = draw() % 190
          return {
            ...event,
            sid: mixedSid,
            sentAt: event.sentAt + laterMs,
            receivedAt: event.receivedAt + laterMs + onTheWayMs,
            derivedAt: event.derivedAt + onTheWayMs,
          }
        })
        mixed.sort(() => (draw() % 3) - 1)
        for (let from = 0; from < mixed.length; from += 7) {
          await insert(mixed.slice(from, from + 7))
          if (draw() % 4 === 0)
            await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: mixedSid }], NOW))
        }
        await warehouse.command(rebuildViews([{ tenantId: 'demo', sid: mixedSid }], NOW))
        assert.equal(await dump(mixedSid), await dump(sid))
      },
    ),
    { numRuns: 12 },
  )
})
