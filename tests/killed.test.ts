/** The whole platform, killed at any moment: nothing acknowledged is lost, nothing counts twice, every start is clean. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import path from 'node:path'
import { after, test } from 'node:test'
import { attachChdb } from '#storage/warehouse/chdb.ts'
import { eventually } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { openNeighbour } from '#tests/neighbour.ts'
import { childrenOf } from '#tests/process-tree.ts'
import { createBatch, openSession, PLAYING_MS, send } from '#tests/views.ts'
import { readViews } from '#tests/warehouse.ts'

const TITLE = 'bunny-01'
let platform: Platform
after(async () => {
  await platform?.stop()
})

async function kill9(): Promise<void> {
  const gone = new Promise((resolve) => platform.child.once('exit', resolve))
  platform.child.kill('SIGKILL')
  await gone
}

test('kill -9 of the platform and of its children: acknowledged views are there once, others at most once', async () => {
  platform = await startPlatform()
  const { dataDir } = platform
  const visitor = await createClient(platform.url)
  await eventually(
    () => visitor.ask<{ title: { playable: boolean } | null }>(`{ title(id: "${TITLE}") { playable } }`),
    ({ title }) => title?.playable === true,
    120_000,
  )
  const acknowledged: string[] = []
  const sent: string[] = []
  for (let round = 0; round < 3; round++) {
    const session = await openSession(await createClient(platform.url, 'ada'), TITLE)
    const pid = platform.child.pid as number
    let going = true
    const sending = (async () => {
      for (let i = 0; going; i++) {
        const sid = `kill-${round}-${i}`
        sent.push(sid)
        if ((await send(platform.url, createBatch(session, sid))) === 202) acknowledged.push(sid)
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 400))
    for (const child of childrenOf(pid, 'chdb-process')) process.kill(child, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 700 + round * 300))
    // On a busy machine it takes longer until there is something to lose.
    await eventually(
      async () => acknowledged.length,
      (count) => count > 20 * (round + 1),
      60_000,
    )
    going = false
    await Promise.all([sending, kill9()])
    platform = await startPlatform({ dataDir })
  }
  assert.ok(acknowledged.length > 50, `${acknowledged.length} acknowledged`)
  const warehouse = await attachChdb({ dir: path.join(dataDir, 'warehouse') })
  const read = (): Promise<
    { sid: string; events: number; ids: number; views: number; playingMs: number }[]
  > =>
    warehouse.query({
      sql: `SELECT e.sid AS sid, e.events AS events, e.ids AS ids, v.views AS views, v.playingMs AS playingMs
        FROM (SELECT sid, count() AS events, uniqExact(eventId) AS ids FROM playback_events
          WHERE startsWith(sid, 'kill-') GROUP BY sid) AS e
        LEFT JOIN (SELECT sid, count() AS views, sum(playingMs) AS playingMs FROM views FINAL
          WHERE startsWith(sid, 'kill-') GROUP BY sid) AS v
        ON v.sid = e.sid`,
    })
  const rows = await eventually(
    read,
    (all) => {
      const there = new Set(all.filter((row) => row.views === 1).map((row) => row.sid))
      return acknowledged.every((sid) => there.has(sid))
    },
    90_000,
  )
  for (const row of rows) {
    assert.ok(sent.includes(row.sid))
    assert.deepEqual([row.events, row.ids, row.views, row.playingMs], [3, 3, 1, PLAYING_MS], row.sid)
  }
  await warehouse.close()
})

/** A way to the platform on which answers are lost: `onAnswer` hears of each, the sender never does. */
async function openLossyWay(onAnswer: () => void): Promise<{ url: string; close(): void }> {
  const server = createServer((sender) => {
    const upstream = connect(Number(new URL(platform.url).port), '127.0.0.1')
    sender.pipe(upstream)
    upstream.on('data', onAnswer)
    upstream.on('error', () => sender.destroy())
    upstream.on('close', () => sender.destroy())
    sender.on('error', () => upstream.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

test('batches whose answers were lost in a kill are sent again after the restart, and count once', async () => {
  const { dataDir } = platform
  // Nobody else watches next door, so its creator's figures are of these views alone.
  const titleId = 'sim-001'
  const session = await (await openNeighbour(platform)).session(titleId)
  const sids = Array.from({ length: 20 }, (_, n) => `lost-${String(n).padStart(2, '0')}`)
  const bodies = sids.map((sid) => createBatch(session, sid))
  const answered = Promise.withResolvers<void>()
  const way = await openLossyWay(answered.resolve)
  const sending = Promise.all(bodies.map((body) => send(way.url, body)))
  await answered.promise
  await kill9()
  assert.deepEqual(await sending, Array(sids.length).fill(null))
  way.close()

  platform = await startPlatform({ dataDir })
  const again = await Promise.all(bodies.map((body) => send(platform.url, body)))
  assert.deepEqual(again, Array(sids.length).fill(202))
  const { mads } = await openNeighbour(platform)
  type Counts = { views: number; plays: number; watchTimeMs: number }
  type Answer = { title: { analytics: { figures: Counts } } }
  const ask = `{ title(id: "${titleId}") { analytics(range: all) { figures { views plays watchTimeMs } } } }`
  const figures = async (): Promise<Counts> => (await mads.ask<Answer>(ask)).title.analytics.figures
  const once20 = { views: sids.length, plays: sids.length, watchTimeMs: sids.length * PLAYING_MS }
  assert.deepEqual(await eventually(figures, ({ views }) => views >= sids.length, 20_000), once20)
  const rows = await readViews(dataDir, "startsWith(sid, 'lost-')")
  assert.deepEqual(
    rows.map(({ sid, playingMs }) => [sid, playingMs]),
    sids.map((sid) => [sid, PLAYING_MS]),
  )
})

test('a database that dies alone is started again, and pages go on', async () => {
  const pid = platform.child.pid as number
  const servers = [
    ...childrenOf(pid, 'postgres'),
    ...childrenOf(pid, 'sh').flatMap((watch) => childrenOf(watch, 'postgres')),
  ]
  assert.ok(servers.length > 0)
  for (const server of servers) process.kill(server, 'SIGKILL')
  const visitor = await createClient(platform.url)
  const people = () => visitor.ask<{ people: object[] }>('{ people { id } }').catch(() => ({ people: [] }))
  await eventually(people, (answer) => answer.people.length > 0, 20_000)
})

test('SIGTERM drains and ends well within 10 s; the next start has everything', async () => {
  const { dataDir } = platform
  const begun = Date.now()
  assert.equal(await platform.halt(), 0)
  assert.ok(Date.now() - begun < 10_000)
  platform = await startPlatform({ dataDir })
  const visitor = await createClient(platform.url)
  const { title } = await visitor.ask<{ title: { playable: boolean } }>(
    `{ title(id: "${TITLE}") { playable } }`,
  )
  assert.equal(title.playable, true)
})
