/** The whole platform, killed at any moment: nothing acknowledged is lost, nothing counts twice, every start is clean. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { after, test } from 'node:test'
import { uuidv7 } from '#base/ids.ts'
import { attachChdb } from '#storage/warehouse/chdb.ts'
import { eventually } from '#tests/browser/browser.ts'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

const TITLE = 'bunny-01'
let platform: Platform
after(async () => {
  await platform?.stop()
})

type Session = { token: string; writeKey: string }
const openSession = async (): Promise<Session> => {
  const ada = await createClient(platform.url, 'ada')
  const { createPlaySession } = await ada.ask<{ createPlaySession: Session }>(
    `mutation { createPlaySession(titleId: "${TITLE}") { token writeKey } }`,
  )
  return createPlaySession
}

/** One whole view as a batch; says whether it was acknowledged. */
async function sendView(session: Session, sid: string): Promise<boolean> {
  const now = Date.now()
  const at = (seconds: number, type: string, state: string, more: object = {}) => ({
    type: `playback.${type}`,
    eventId: uuidv7(now),
    createdAt: now - 4000 + seconds * 1000,
    state,
    playheadMs: Math.round(seconds * 1000),
    ...more,
  })
  const events = [
    at(0, 'view.requested', 'joining', { intent: 'click' }),
    at(0.3, 'view.started', 'playing'),
    at(3.3, 'view.ended', 'quit', { endReason: 'stopped' }),
  ].map((event, seq) => ({ ...event, seq }))
  const common = {
    sid,
    playerId: 'p',
    rate: 1,
    visible: true,
    deviceKind: 'desktop',
    playerName: 'test',
    playerVersion: '1',
    surface: 'watch',
  }
  const body = JSON.stringify({ ...session, sentAt: now, common, events })
  return fetch(`${platform.url}/events`, { method: 'POST', body }).then(
    (response) => response.status === 202,
    () => false,
  )
}

const childrenOf = (pid: number, word: string): number[] =>
  execFileSync('ps', ['-eo', 'pid,ppid,args'])
    .toString()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((found) =>
      found !== null && Number(found[2]) === pid && (found[3] ?? '').includes(word) ? [Number(found[1])] : [],
    )

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
    const session = await openSession()
    const pid = platform.child.pid as number
    let going = true
    const sending = (async () => {
      for (let i = 0; going; i++) {
        const sid = `kill-${round}-${i}`
        sent.push(sid)
        if (await sendView(session, sid)) acknowledged.push(sid)
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 400))
    for (const child of childrenOf(pid, 'chdb-process')) process.kill(child, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 700 + round * 300))
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
    30_000,
  )
  for (const row of rows) {
    assert.ok(sent.includes(row.sid))
    assert.deepEqual([row.events, row.ids, row.views, row.playingMs], [3, 3, 1, 3000], row.sid)
  }
  await warehouse.close()
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

test('two tenants do not see each other; forged tokens are refused', async () => {
  const mads = await createClient(platform.url, 'mara')
  const session = await openSession()
  const forged = { ...session, token: `${session.token.slice(0, -4)}AAAA` }
  assert.equal(await sendView(forged, 'forged'), false)
  assert.equal(await sendView({ ...session, writeKey: 'wk_other' }, 'forged'), false)
  const { studio } = await mads.ask<{
    studio: { titles: { edges: { node: { creator: { id: string } } }[] } }
  }>('{ studio { titles(first: 100) { edges { node { creator { id } } } } } }')
  assert.deepEqual([...new Set(studio.titles.edges.map(({ node }) => node.creator.id))], ['hollow-tree'])
})
