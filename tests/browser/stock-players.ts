/**
 * Pages on which three players other people wrote play a clip and report by CMCD v2, with no code of ours in them,
 * and the clip itself, packaged from a video of the demo.
 */
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { runPackager } from '#tests/browser/upload.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const SOURCE = path.join(ROOT, 'demo/video/trailer_bbb.mp4')

export const STOCK_PLAYERS = ['hls.js', 'shaka-player', 'dash.js'] as const
export type StockPlayer = (typeof STOCK_PLAYERS)[number]

const scripts: Record<StockPlayer, string> = {
  'hls.js': 'hls.js/dist/hls.min.js',
  'shaka-player': 'shaka-player/dist/shaka-player.compiled.debug.js',
  'dash.js': 'dashjs/dist/modern/umd/dash.all.min.js',
}

export type PageOptions = {
  /** The collector's address for reports. */
  readonly target: string
  readonly sid: string
  /** Seconds between reports. */
  readonly interval: number
  readonly keys: readonly string[]
  /** Where the video is, for players of HLS and of DASH. */
  readonly hlsUrl: string
  readonly dashUrl: string
}
/** The clip that `packageClip` makes. */
export const CLIP = { hlsUrl: '/clip/master.m3u8', dashUrl: '/clip/manifest.mpd' } as const

/** Keys of CMCD a page should ask its player for. */
export const KEYS: readonly string[] = 'sid cid sn ts sta msd pr pt br bl pb bg ec sf st v'.split(' ')

/** How a page configures each player. */
const starts: Record<StockPlayer, string> = {
  'hls.js': `
    const player = new Hls({ cmcd: { sessionId: sid, contentId: 'clip', version: 2, eventTargets: [
      { url: target, events: ['ps', 't', 'bc', 'e', 'pr'], interval, includeKeys: keys } ] } })
    player.loadSource(hlsUrl)
    player.attachMedia(video)
    window.leave = () => player.destroy()`,
  'shaka-player': `
    const player = new shaka.Player()
    await player.attach(video)
    player.configure({ cmcd: { enabled: true, sessionId: sid, contentId: 'clip', version: 2, eventTargets: [
      { enabled: true, mode: 'event', version: 2, url: target, useHeaders: false, includeKeys: keys,
        events: ['ps', 't', 'bc', 'e', 'pr'], interval } ] } })
    await player.load(new URL(dashUrl, location.href).href)
    window.leave = () => player.destroy()`,
  'dash.js': `
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ streaming: { cmcd: { enabled: true, version: 2, sid, cid: 'clip', mode: 'query',
      eventTargets: [ { enabled: true, url: target, enabledKeys: keys,
        events: ['ps', 't', 'bc', 'e', 'pr'], interval, batchSize: 1 } ] } } })
    player.initialize(video, dashUrl, false)
    window.leave = () => player.destroy()`,
}

const page = (player: StockPlayer): string => `<!doctype html><meta charset="utf-8"><title>${player}</title>
<video muted playsinline width="640"></video>
<script src="/player/${player}"></script>
<script type="module">
  const { target, sid, interval, keys, hlsUrl, dashUrl } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  const video = document.querySelector('video')
  window.heard = []
  for (const name of ['play', 'playing', 'pause', 'waiting', 'seeking', 'seeked', 'ratechange', 'ended', 'error'])
    video.addEventListener(name, () => heard.push({ name, at: Date.now(), playheadMs: video.currentTime * 1000 }))
  ${starts[player]}
  window.ready = true
</script>`

const types: Record<string, string> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.mp4': 'video/mp4',
  '.m4s': 'video/iso.segment',
}

/** Opens the player's page, which waits for `video.play()`. */
export async function openPlayer(
  browser: Browser,
  url: string,
  player: StockPlayer,
  options: PageOptions,
): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`${url}/page/${player}#${encodeURIComponent(JSON.stringify(options))}`)
  await page.waitForFunction('window.ready')
  return page
}

type Heard = { readonly name: string; readonly at: number }

/** From what the page's own video element said: time from each play to its pause. */
export async function watchedMsOf(page: Page): Promise<number> {
  let sum = 0
  let since: number | null = null
  for (const { name, at } of (await page.evaluate('heard')) as readonly Heard[]) {
    if (name === 'play') since ??= at
    if ((name === 'pause' || name === 'ended') && since !== null) {
      sum += at - since
      since = null
    }
  }
  return sum
}

/** Runs `code` on the page's `video`. */
export const onVideo = <T>(page: Page, code: string): Promise<T> =>
  page.evaluate(`(() => { const video = document.querySelector('video'); return ${code} })()`)

/** Serves the pages, the players and the clip in `dir`. */
export function registerStockPlayers(app: FastifyInstance, dir: string): void {
  app.get<{ Params: { '*': StockPlayer } }>('/page/*', async (request, reply) =>
    reply.type('text/html').send(page(request.params['*'])),
  )
  app.get<{ Params: { '*': StockPlayer } }>('/player/*', async (request, reply) =>
    reply
      .type('text/javascript')
      .send(await readFile(path.join(ROOT, 'node_modules', scripts[request.params['*']]))),
  )
  app.get<{ Params: { '*': string } }>('/clip/*', async (request, reply) => {
    const file = path.join(dir, path.normalize(`/${request.params['*']}`))
    const { size } = await stat(file)
    return reply
      .type(types[path.extname(file)] ?? 'application/octet-stream')
      .header('content-length', size)
      .send(createReadStream(file))
  })
}

/**
 * The picture of the demo's clip as CMAF with both manifests, `master.m3u8` and `manifest.mpd`.
 * Its sound is MP3, which the packager does not take.
 */
export async function packageClip(dir: string): Promise<void> {
  const video = `in=${SOURCE},stream=video,init_segment=init.mp4,segment_template=$Number$.m4s,playlist_name=video.m3u8`
  const flags = ['--segment_duration', '2', '--generate_static_live_mpd', '--hls_playlist_type', 'VOD']
  const outputs = ['--mpd_output', 'manifest.mpd', '--hls_master_playlist_output', 'master.m3u8']
  await runPackager([video, ...flags, ...outputs], dir)
}
