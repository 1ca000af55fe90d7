/**
 * The promises of a first start: pages, a title that plays, the first model and all clips in time, an end and a second
 * start with everything kept, and the memory of the whole platform at rest. As in a fresh clone after `npm ci`: the data
 * directory is empty, the pages are not built, no compiled code is kept.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createCatalogue } from '#demo/catalogue.ts'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { treeMemoryMb } from '#tests/process-tree.ts'

const BARS = {
  pagesMs: 10_000,
  playableMs: 30_000,
  trainedMs: 120_000,
  clipsMs: 300_000,
  stopMs: 10_000,
  restartMs: 3000,
  restMb: 1500,
} as const
/** Null where the system does not tell. */
type Measured = { -readonly [K in keyof typeof BARS]: number | null }
/** Says of which sources the pages are built. */
const BUILT = path.join(import.meta.dirname, '../studio/dist/.sources')
/** How long nothing is asked of the platform before its memory is read. */
const REST_MS = 15_000
const SAMPLES = 5
const CLIPS = createCatalogue(2026).flatMap(({ id, cut }) => (cut === null ? [] : [id]))

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const text = async (url: string): Promise<string> => {
  const response = await fetch(url, { headers: { accept: 'text/html, */*' } })
  assert.equal(response.status, 200, url)
  return response.text()
}
const firstLine = (playlist: string, isIt: (line: string) => boolean): string => {
  const line = playlist.split('\n').find(isIt)
  assert.ok(line !== undefined, playlist)
  return line
}
const isAddress = (line: string): boolean => line !== '' && !line.startsWith('#')

type Work = { readonly key: string; readonly progress: number; readonly failed: boolean }
type Status = { readonly activeModel: string; readonly eventsStored: number; readonly work: readonly Work[] }
const statusOf = async ({ ask }: Client): Promise<Status> =>
  (await ask<{ status: Status }>('{ status { activeModel eventsStored work { key progress failed } } }'))
    .status
/** Finished work is shown for a moment, then taken off the board. */
const isOver = ({ work }: Status, key: string): boolean =>
  work.every((one) => one.key !== key || one.progress >= 1)

async function playableOf({ ask }: Client): Promise<string[]> {
  const asks = CLIPS.map((id, n) => `t${n}: title(id: "${id}") { id playable }`)
  const answer = await ask<Record<string, { id: string; playable: boolean } | null>>(`{ ${asks.join(' ')} }`)
  return Object.values(answer).flatMap((title) => (title?.playable === true ? [title.id] : []))
}

/** From the address of its play session to the first bytes of picture, as a player goes. */
async function fetchFirstSegment(viewer: Client, titleId: string): Promise<void> {
  const { createPlaySession } = await viewer.ask<{ createPlaySession: { hlsUrl: string } }>(
    `mutation { createPlaySession(titleId: "${titleId}") { hlsUrl } }`,
  )
  const master = new URL(createPlaySession.hlsUrl, viewer.url)
  const variant = new URL(firstLine(await text(master.href), isAddress), master)
  const segment = new URL(firstLine(await text(variant.href), isAddress), variant)
  assert.ok((await text(segment.href)).length > 1000)
}

/** Everything made, watched while it is being made. */
async function watchFirstStart(platform: Platform, begun: number, measured: Measured): Promise<void> {
  const since = (): number => Math.round(performance.now() - begun)
  assert.match(await text(platform.url), /<script/)
  measured.pagesMs = since()
  const visitor = await createClient(platform.url)
  const [titleId = ''] = await eventually(
    () => playableOf(visitor),
    ({ length }) => length > 0,
    600_000,
  )
  await fetchFirstSegment(visitor, titleId)
  measured.playableMs = since()
  const until = (isSo: (status: Status) => boolean): Promise<Status> =>
    eventually(
      () => statusOf(visitor),
      (status) => {
        assert.ok(
          status.work.every(({ failed }) => !failed),
          JSON.stringify(status),
        )
        return isSo(status)
      },
      900_000,
    )
  const trained = until((status) => status.activeModel !== 'popularity' && isOver(status, 'history'))
  const clips = until((status) => isOver(status, 'clips'))
  await Promise.all([
    trained.then(() => {
      measured.trainedMs = since()
    }),
    clips.then(() => {
      measured.clipsMs = since()
    }),
  ])
  assert.deepEqual(await playableOf(visitor), CLIPS)
}

/** The most of a few looks, after a rest. */
async function memoryAtRest({ child }: Platform): Promise<number | null> {
  await pause(REST_MS)
  const looks: number[] = []
  for (let n = 0; n < SAMPLES; n++) {
    const memoryMb = treeMemoryMb(child.pid as number)
    if (memoryMb === null) return null
    looks.push(memoryMb)
    await pause(1000)
  }
  return Math.round(Math.max(...looks))
}

async function assertKept(platform: Platform, before: Status): Promise<void> {
  const visitor = await createClient(platform.url, 'oskar')
  const now = await statusOf(visitor)
  assert.equal(now.activeModel, before.activeModel)
  assert.ok(now.eventsStored >= before.eventsStored, `${now.eventsStored} of ${before.eventsStored} events`)
  assert.deepEqual(await playableOf(visitor), CLIPS)
  assert.match(await text(platform.url), /<script/)
}

export async function bench(): Promise<object> {
  const folder = await mkdtemp(path.join(tmpdir(), 'streamverse-fresh-'))
  const dataDir = path.join(folder, 'data')
  const env = { NODE_COMPILE_CACHE: path.join(folder, 'compiled') }
  await rm(BUILT, { force: true })
  const measured = {} as Measured
  let platform: Platform | undefined
  try {
    const begun = performance.now()
    platform = await startPlatform({ dataDir, env })
    await watchFirstStart(platform, begun, measured)
    measured.restMb = await memoryAtRest(platform)
    const before = await statusOf(await createClient(platform.url, 'oskar'))
    const stopping = performance.now()
    assert.equal(await platform.halt(), 0)
    measured.stopMs = Math.round(performance.now() - stopping)
    const again = performance.now()
    platform = await startPlatform({ dataDir, env })
    measured.restartMs = Math.round(performance.now() - again)
    await assertKept(platform, before)
  } finally {
    await platform?.halt()
    await rm(folder, { recursive: true, force: true })
  }
  const names = Object.keys(BARS) as (keyof Measured)[]
  const ratio = Math.max(...names.map((name) => (measured[name] ?? 0) / BARS[name]))
  return {
    bench: 'first-start',
    ratio: Number(ratio.toFixed(2)),
    ...measured,
    against: 'the promises of README',
    bar: 'pages 10 s, playable 30 s, trained 120 s, clips 300 s, stop 10 s, restart 3 s, memory 1500 MB',
    pass: ratio <= 1,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
