import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { readHistory } from '#features/viewer-history.ts'
import { linesOf, NOW, openWholeWay, traces, type ViewRow } from '#pipelines/cmcd.fixture.ts'
import { buildReportedViews } from '#pipelines/reported-views.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

let way: Awaited<ReturnType<typeof openWholeWay>>
before(async () => {
  way = await openWholeWay()
})
after(() => way.close())

let views = 0
/** The lines as of a view of their own, `ts` from 0. */
function viewOf(lines: string | readonly string[]) {
  const sid = `view-${views++}`
  const given = typeof lines === 'string' ? linesOf(lines) : linesOf(lines.join('\n'))
  return {
    sid,
    lines: given.map((line) =>
      /sid="s"/.test(line) ? line.replace('sid="s"', `sid="${sid}"`) : `${line},sid="${sid}"`,
    ),
  }
}
async function stepsOf(lines: string | readonly string[]) {
  const view = viewOf(lines)
  await way.send(view.lines.join('\n'))
  const steps = await way.stepsOf(view.sid)
  return steps.map(({ type, state, at, playheadMs }) => [type, state, at - NOW, playheadMs])
}
async function rowOf(lines: string | readonly string[]): Promise<ViewRow> {
  const view = viewOf(lines)
  await way.send(view.lines.join('\n'))
  return (await way.rowOf(view.sid)) as ViewRow
}
const pick = (row: ViewRow, ...names: string[]) => names.map((name) => row[name])
const near = (value: unknown, expected: number, by: number): void =>
  assert.ok(Math.abs((value as number) - expected) <= by, `${value as number} is not about ${expected}`)

for (const [player, trace] of Object.entries(traces)) {
  test(`a view that ${player} reported has its watch time, its seek and no stall`, async () => {
    const row = await rowOf(trace)
    assert.deepEqual(
      pick(row, 'isPlay', 'seekCount', 'rebufferCount', 'playerName', 'titleId', 'viewerKey', 'eventCount'),
      [true, 1, 0, 'cmcd2', 'title-1', 'viewer-1', linesOf(trace).length],
    )
    near(row['playingMs'], 6150, 150)
    near(row['watchMs'], 6250, 150)
  })
}

test('works the playhead out from the time spent playing and the rate', async () => {
  assert.deepEqual(await stepsOf(traces['hls.js']), [
    ['view.requested', 'joining', 161, 0],
    ['view.started', 'playing', 252, 0],
    ['heartbeat.sent', 'playing', 2000, 1748],
    ['state.changed', 'paused', 3267, 3015],
    ['heartbeat.sent', 'paused', 4000, 3015],
    ['state.changed', 'playing', 4771, 3015],
    ['heartbeat.sent', 'playing', 6000, 4244],
    ['seek.started', 'seeking', 6281, 4525],
    ['seek.ended', 'playing', 6359, 4525],
    ['state.changed', 'playing', 7291, 5457],
    ['heartbeat.sent', 'playing', 8001, 6877],
  ])
  const row = await rowOf(traces['hls.js'])
  assert.deepEqual(pick(row, 'startupMs', 'bitrateKbps', 'intervalMs', 'contentMs'), [91, 1332, 2000, 6877])
})

test('a player that says it plays before anybody pressed play is believed when its start delay comes', async () => {
  const loaded = [`e=ps,sn=1,sta=r,ts=0`, `e=ps,sn=2,sta=p,ts=200`]
  const view = viewOf(loaded)
  await way.send(view.lines.join('\n'))
  assert.equal(await way.rowOf(view.sid), undefined)
  const played = [...loaded, `e=t,sn=3,sta=p,msd=5000,ts=6000`]
  assert.deepEqual(await stepsOf(played), [
    ['view.started', 'playing', 5000, 0],
    ['heartbeat.sent', 'playing', 6000, 1000],
  ])
  const row = await rowOf(played)
  assert.deepEqual(pick(row, 'isPlay', 'startupMs', 'watchMs'), [true, null, 1000])
  assert.equal(row['startedAt'], row['firstFrameAt'])
})

test('keeps what a player says of its position, of errors and of the end', async () => {
  const begin = [`e=ps,sn=0,sta=d,ts=0`, `e=ps,sn=1,sta=s,ts=500`, `e=ps,pt=0,sn=2,sta=p,ts=600`]
  const failing = [
    `e=t,pt=40000,sn=3,sta=p,ts=1600`,
    `e=ps,sn=4,sta=r,ts=2600`,
    `e=ps,ec=("N"),sn=5,sta=f,ts=3600`,
  ]
  assert.deepEqual(await stepsOf([...begin, ...failing, `e=e,ec=("N"),sn=6,sta=f,ts=3601`]), [
    ['view.requested', 'joining', 500, 0],
    ['view.started', 'playing', 600, 0],
    ['heartbeat.sent', 'playing', 1600, 40_000],
    ['state.changed', 'rebuffering', 2600, 41_000],
    ['error.raised', 'failed', 3600, 41_000],
  ])
  const failed = await rowOf([...begin, ...failing])
  assert.deepEqual(pick(failed, 'endReason', 'rebufferMs', 'startFailure'), ['failed', 1000, false])
  const ended = await rowOf([...begin, `e=ps,sn=3,sta=e,ts=5600`])
  assert.deepEqual(pick(ended, 'endReason', 'watchMs'), ['completed', 5000])
  const refused = await rowOf([`e=ps,sn=0,sta=s,ts=0`, `e=ps,sn=1,sta=f,ts=10`])
  assert.deepEqual(pick(refused, 'startFailure', 'isPlay'), [true, false])
})

test('reports that were lost are not watch time beyond twice the interval', async () => {
  const timers = [2000, 4000, 6000, 1_006_000, 1_008_000].map((ts, i) => `e=t,sn=${i + 2},sta=p,ts=${ts}`)
  way.clock.set(NOW + 1_008_100)
  const row = await rowOf([`e=ps,sn=0,sta=s,ts=0`, `e=ps,sn=1,sta=p,ts=0`, ...timers])
  assert.deepEqual(pick(row, 'watchMs', 'contentMs'), [12_000, 12_000])
})

test('a wrong clock is put right by the report that was on its way for the shortest time', async () => {
  const report = (said: string, ts: number): string => `e=ps,sid="wrong-clock",${said},ts=${ts}`
  way.clock.set(NOW + 20_300)
  await way.send(report('sn=0,sta=s', 1000))
  way.clock.set(NOW + 22_000)
  await way.send(report('sn=2,sta=a', 3000))
  way.clock.set(NOW + 22_900)
  await way.send(report('sn=1,sta=p', 1500))
  const row = (await way.rowOf('wrong-clock')) as ViewRow
  assert.deepEqual(pick(row, 'firstFrameAt', 'endedAt', 'watchMs'), [
    '2026-06-01 12:00:20.500',
    '2026-06-01 12:00:22.000',
    1500,
  ])
})

test('what was watched in a player of somebody else is history of its viewer', async () => {
  const alone = await openWholeWay()
  alone.clock.set(NOW + 60_000)
  const timers = [10_000, 20_000, 30_000].map((ts, i) => `e=t,sn=${i + 2},sta=p,ts=${ts}`)
  const { lines } = viewOf([
    'e=ps,sn=0,sta=s,ts=0',
    'e=ps,sn=1,sta=p,ts=0',
    ...timers,
    'e=ps,sn=9,sta=a,ts=34000',
  ])
  // In whatever order: what is told later of a view puts right what was told before.
  for (const line of [lines[5], lines[3], lines[1], lines[0], lines[4], lines[2]]) {
    await alone.send(line ?? '')
    await alone.built()
  }
  const history = await readHistory(alone.online, 'acme', 'viewer-1')
  await alone.close()
  assert.deepEqual(pick(history.get('title-1') as never, 'positionMs', 'contentMs'), [34_000, 30_000])
})

/** hls.js with ten seconds between reports, paused from 150 s to 180 s. */
const LONG = [
  ...['sta=d,ts=4', 'sta=s,ts=161', 'sta=p,ts=252'].map((said, sn) => `e=ps,sn=${sn},${said}`),
  ...Array.from({ length: 29 }, (_, i) => {
    const ts = (i + 1) * 10_000
    return `bl=(5000),e=t,sn=${i + 3},sta=${ts > 150_000 && ts <= 170_000 ? 'a' : 'p'},ts=${ts}`
  }),
]
const restOf = (row: ViewRow): ViewRow => ({ ...row, sid: '' })

test('a long view has one row, whether it came at once, twice, out of order or with restarts', async () => {
  way.clock.set(NOW + 290_050)
  const straight = await rowOf(LONG)
  assert.deepEqual(pick(straight, 'watchMs', 'contentMs', 'eventCount'), [269_748, 269_748, 32])
  const told = async (order: (lines: readonly string[]) => readonly (string | null)[]): Promise<ViewRow> => {
    const { sid, lines } = viewOf(LONG)
    for (const line of order(lines)) {
      if (line === null) way.restart()
      else await way.send(line)
    }
    return restOf((await way.rowOf(sid)) as ViewRow)
  }
  const expected = restOf(straight)
  assert.deepEqual(await told((lines) => [...lines.slice(0, 16), null, ...lines.slice(16)]), expected)
  assert.deepEqual(await told((lines) => [lines.join('\n'), lines.join('\n')]), expected)
  assert.deepEqual(await told((lines) => [...lines, null, ...lines]), expected)
  assert.deepEqual(await told(([a, b, c, d, ...lines]) => [a, b, d, c, ...lines].map(String)), expected)
})

test('shuffled, tripled, split, late and across restarts, a trace gives the same row', async () => {
  const cases = [...Object.values(traces).map((trace) => linesOf(trace).length), LONG.length]
  const tracesOf = [...Object.values(traces), LONG.join('\n')]
  const rows: ViewRow[] = []
  way.clock.set(NOW + 290_050)
  for (const trace of tracesOf) rows.push(restOf(await rowOf(trace)))
  const ways = fc.constantFrom(...cases.keys()).chain((which) => {
    const thrice = Array.from({ length: 3 * (cases[which] ?? 0) }, (_, i) => i)
    return fc.record({
      which: fc.constant(which),
      order: fc.shuffledSubarray(thrice, { minLength: thrice.length }),
      batches: fc.infiniteStream(
        fc.record({
          size: fc.integer({ min: 1, max: 9 }),
          restarts: fc.boolean(),
          lateMs: fc.nat(1_200_000),
        }),
      ),
    })
  })
  await fc.assert(
    fc.asyncProperty(ways, async ({ which, order, batches }) => {
      const { sid, lines } = viewOf(tracesOf[which] ?? '')
      // One copy of one report comes in time: it tells the clock.
      way.clock.set(NOW + 290_050)
      await way.send(lines.at(-1) ?? '')
      for (let at = 0; at < order.length; ) {
        const { size, restarts, lateMs } = batches.next().value as {
          size: number
          restarts: boolean
          lateMs: number
        }
        way.clock.set(NOW + 290_050 + lateMs)
        if (restarts) way.restart()
        const some = order.slice(at, at + size)
        await way.send(some.map((i) => lines[i % lines.length]).join('\n'))
        at += size
        if (lateMs % 5 === 0) await way.built()
      }
      assert.deepEqual(restOf((await way.rowOf(sid)) as ViewRow), rows[which])
    }),
    { numRuns: 10 },
  )
})

test('a warehouse that forgets what was told before it is built does not pass for one that built it', async () => {
  const { sid, lines } = viewOf(LONG)
  await way.send(lines.join('\n'))
  const built = await way.rowOf(sid)
  assert.equal(built?.['eventCount'], LONG.length)
  let forgets = true
  const forgetful: Warehouse = {
    ...way.warehouse,
    insertNative: async (table, blocks, options) => {
      await way.warehouse.insertNative(table, blocks, options)
      if (forgets) await way.warehouse.command({ sql: 'TRUNCATE TABLE told_steps' })
    },
  }
  const build = () =>
    buildReportedViews({ warehouse: forgetful, onTold: async () => {} }, [{ tenantId: 'acme', sid }], NOW)
  await assert.rejects(build(), { name: 'Bug' })
  forgets = false
  await build()
})

test('views of many thousand reports are built, more of them than are read together', async () => {
  way.clock.set(NOW + 1_000_000)
  const counts = { 'long-1': 15_000, 'long-2': 6000 }
  for (const [sid, count] of Object.entries(counts)) {
    for (let at = 0; at < count; at += 1000) {
      const lines = Array.from({ length: 1000 }, (_, i) => {
        const sn = at + i
        return `e=${sn === 0 ? 'ps' : 't'},sid="${sid}",sn=${sn},sta=${sn === 0 ? 's' : 'p'},ts=${NOW + sn * 50}`
      })
      await way.send(lines.join('\n'))
      way.restart()
    }
  }
  for (const [sid, count] of Object.entries(counts)) {
    const row = (await way.rowOf(sid)) as ViewRow
    assert.deepEqual(pick(row, 'eventCount', 'watchMs'), [count, count * 50 - 100])
  }
})
