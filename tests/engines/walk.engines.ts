/**
 * The whole platform on real engines, nothing embedded: a video goes up, is transcoded into a bucket and served from it;
 * views go through Kafka into ClickHouse, history into Cassandra; figures are exact, before and after a kill.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { silentLog } from '#base/log.ts'
import { createStatements } from '#scripts/cluster.ts'
import { startCassandra } from '#scripts/engines/cassandra.ts'
import { startClickHouse } from '#scripts/engines/clickhouse.ts'
import { startKafka } from '#scripts/engines/kafka.ts'
import { startPostgres } from '#scripts/engines/postgres.ts'
import { S3_CREDENTIALS, startS3 } from '#scripts/engines/s3.ts'
import { openS3 } from '#storage/media/s3.ts'
import { openClickHouse } from '#storage/warehouse/clickhouse.ts'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { uploadTitle, VIDEOS } from '#tests/browser/upload.ts'
import { createBatch, openSession, PLAYING_MS, send } from '#tests/views.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PATIENCE_MS = 60_000
const dir = mkdtempSync(path.join(tmpdir(), 'walk-'))
const closing: (() => Promise<void>)[] = []
const urls = { LOG_URL: '', WAREHOUSE_URL: '', ONLINE_URL: '', RECORDS_URL: '', MEDIA_URL: '' }
let env: Record<string, string>
let platform: Platform
let creator: Client
let viewer: Client
let titleId: string

before(async () => {
  const kafka = await startKafka()
  closing.push(() => kafka.stop())
  const clickhouse = await startClickHouse({ dir: path.join(dir, 'clickhouse') })
  closing.push(() => clickhouse.close())
  const cassandra = await startCassandra({ dir: path.join(dir, 'cassandra') })
  closing.push(() => cassandra.close())
  const postgres = await startPostgres()
  closing.push(() => postgres.close())
  const s3 = await startS3()
  closing.push(() => s3.close())
  Object.assign(urls, {
    LOG_URL: `${kafka.url}?prefix=walk.`,
    WAREHOUSE_URL: clickhouse.url('walk'),
    ONLINE_URL: cassandra.url('walk'),
    RECORDS_URL: await postgres.url('walk'),
    MEDIA_URL: await s3.url('walk', 'videos'),
  })
  env = {
    ...urls,
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
  }
  await open()
})
after(async () => {
  await platform?.stop()
  for (const close of closing.reverse()) await close()
  rmSync(dir, { recursive: true, force: true })
})

async function open(): Promise<void> {
  platform = await startPlatform({ args: ['--empty'], env, dataDir: path.join(dir, 'data') })
  creator = await createClient(platform.url, 'creator')
  viewer = await createClient(platform.url, 'viewer')
}

type Figures = { readonly views: number; readonly plays: number; readonly watchTimeMs: number }
async function figures(): Promise<Figures> {
  type Answer = { title: { analytics: { figures: Figures } } }
  const { title } = await creator.ask<Answer>(
    `{ title(id: "${titleId}") { analytics(range: all) { figures { views plays watchTimeMs } } } }`,
  )
  return title.analytics.figures
}
const counted = (views: number): Figures => ({ views, plays: views, watchTimeMs: views * PLAYING_MS })
const inHistory = (): Promise<boolean> =>
  viewer
    .ask<{ history: { edges: { node: { id: string } }[] } }>('{ history { edges { node { id } } } }')
    .then(({ history }) => history.edges.some(({ node }) => node.id === titleId))

test('nothing is kept in the data directory but its own secrets', () => {
  const kept = readdirSync(platform.dataDir)
  for (const store of ['event-log', 'warehouse', 'online-store', 'records', 'media'])
    assert.ok(!kept.includes(store), `${store} is in ${kept.join(', ')}`)
})

test('a video goes up, is transcoded into the bucket, and is served from there, ranges and all', async () => {
  titleId = await uploadTitle(creator, 'From a bucket', path.join(VIDEOS, 'bigbuckbunny.mp4'))
  const { createPlaySession } = await viewer.ask<{ createPlaySession: { hlsUrl: string } }>(
    `mutation { createPlaySession(titleId: "${titleId}") { hlsUrl } }`,
  )
  const master = new URL(createPlaySession.hlsUrl, platform.url)
  const [playlist] = /^[^#\n].*\.m3u8.*$/m.exec(await textOf(master)) ?? []
  const media = new URL(playlist ?? '', master)
  const [segment] = /^[^#\n].*\.(m4s|mp4).*$/m.exec(await textOf(media)) ?? []
  const address = new URL(segment ?? '', media)
  const whole = await fetch(address)
  const bytes = Buffer.from(await whole.arrayBuffer())
  assert.ok(whole.ok && bytes.length > 1000, `${whole.status}, ${bytes.length} bytes`)

  const bucket = await openS3({ url: urls.MEDIA_URL, credentials: S3_CREDENTIALS })
  const keys = await bucket.list('')
  const [key] = keys.filter((one) => address.pathname.endsWith(one.split('/').slice(-3).join('/')))
  assert.ok(key !== undefined, `${address.pathname} is none of ${keys.length} keys`)
  assert.ok(bytes.equals(await bucket.bytes(key)))
  await bucket.close()

  const etag = String(whole.headers.get('etag'))
  const part = await fetch(address, { headers: { range: 'bytes=100-199', 'if-range': etag } })
  assert.equal(part.status, 206)
  assert.ok(bytes.subarray(100, 200).equals(Buffer.from(await part.arrayBuffer())))
  const again = await fetch(address, { headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
})

const textOf = async (url: URL): Promise<string> => {
  const response = await fetch(url)
  assert.equal(response.status, 200, url.href)
  return response.text()
}

let bodies: string[]

test('views sent twice, out of order and at once are counted once each, to the millisecond', async () => {
  const session = await openSession(viewer, titleId)
  bodies = Array.from({ length: 40 }, (_, n) => createBatch(session, `walk-${n}`))
  const answers = await Promise.all(
    [...bodies, ...bodies.toReversed()].map((body) => send(platform.url, body)),
  )
  assert.deepEqual([...new Set(answers)], [202])
  await eventually(
    figures,
    ({ views, watchTimeMs }) => watchTimeMs === views * PLAYING_MS && views === 40,
    PATIENCE_MS,
  )
  assert.deepEqual(await figures(), counted(40))
})

test('what was watched is in the history and a list is kept; what was not is recommended', async () => {
  await eventually(inHistory, (is) => is, PATIENCE_MS)
  await viewer.ask(`mutation { setInMyList(titleId: "${titleId}", inMyList: true) { id } }`)
  const other = await uploadTitle(creator, 'Not watched yet', path.join(VIDEOS, 'bigbuckbunny.mp4'))
  type Slate = { rows: { slots: { title: { id: string } }[] }[] }
  const ask = `{ home { ...all } recommendations(titleId: "${titleId}") { ...all } }
    fragment all on Slate { rows { slots { title { id } } } }`
  const idsOf = ({ rows }: Slate): string[] => rows.flatMap(({ slots }) => slots.map(({ title }) => title.id))
  const answer = await eventually(
    () => viewer.ask<{ home: Slate; recommendations: Slate }>(ask),
    ({ home }) => idsOf(home).includes(other),
    PATIENCE_MS,
  )
  assert.deepEqual(idsOf(answer.recommendations), [other])
})

const cli = (...args: string[]) =>
  promisify(execFile)(
    process.execPath,
    [path.join(ROOT, 'app/cli.ts'), ...args, '--data-dir', platform.dataDir],
    { cwd: platform.dataDir, env: { ...process.env, ...env } },
  )

test('the command line works beside it, on the same engines', async () => {
  const { stdout } = await cli('models', '--json')
  assert.deepEqual(JSON.parse(stdout), [])
})

test('a kill and a start later nothing is lost and nothing counts twice', async () => {
  const session = await openSession(viewer, titleId)
  const more = Array.from({ length: 20 }, (_, n) => createBatch(session, `killed-${n}`))
  assert.deepEqual([...new Set(await Promise.all(more.map((body) => send(platform.url, body))))], [202])
  const gone = new Promise((resolve) => platform.child.once('exit', resolve))
  platform.child.kill('SIGKILL')
  await gone
  await open()
  await eventually(figures, ({ views }) => views >= 60, PATIENCE_MS)
  for (const body of [...bodies, ...more]) assert.equal(await send(platform.url, body), 202)
  const session2 = await openSession(viewer, titleId)
  assert.equal(await send(platform.url, createBatch(session2, 'last')), 202)
  await eventually(figures, ({ views }) => views >= 61, PATIENCE_MS)
  assert.deepEqual(await figures(), counted(61))
  assert.ok(await inHistory())
  const { myList } = await viewer.ask<{ myList: { totalCount: number } }>('{ myList { totalCount } }')
  assert.equal(myList.totalCount, 1)
  const warehouse = await openClickHouse({ url: urls.WAREHOUSE_URL, log: silentLog })
  const [rows] = await warehouse.query<{ total: number; places: number }>({
    sql: 'SELECT count() AS total, uniqExact(logPartition, logOffset) AS places FROM playback_events',
  })
  assert.equal(rows?.total, rows?.places)
  assert.equal(await platform.halt(), 0)
  await open()
  assert.deepEqual(await figures(), counted(61))
  await warehouse.close()
})

test('every table comes out of the log as it is, and a report is the one of then', async () => {
  const at = Date.now()
  type Report = { current: { views: number } }
  const report = async (): Promise<Report> =>
    JSON.parse((await cli('report', '--json', '--as-known-at', new Date(at).toISOString())).stdout) as Report
  const before = await report()
  assert.equal(before.current.views, counted(61).views)
  assert.equal(await send(platform.url, createBatch(await openSession(viewer, titleId), 'after')), 202)
  await eventually(figures, ({ views }) => views >= 62, PATIENCE_MS)
  assert.deepEqual(await report(), before)
  assert.equal(await platform.halt(), 0)
  assert.match((await cli('replay', '--from', '0', '--check')).stdout, /Nothing differs/)
  await cli('replay', '--from', '0')
  await open()
  assert.deepEqual(await figures(), counted(62))
})

test('every table the platform made is among those of a cluster', async () => {
  const warehouse = await openClickHouse({ url: urls.WAREHOUSE_URL, log: silentLog })
  const made = await warehouse.query<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'Memory'",
  })
  await warehouse.close()
  const known = (await createStatements()).map((sql) => String(/EXISTS (\w+)/.exec(sql)?.[1]))
  assert.deepEqual(made.map(({ name }) => name).sort(), known.sort())
})
