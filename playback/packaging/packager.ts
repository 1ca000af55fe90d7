/** Cutting tracks into CMAF segments with shaka-packager: one set of `.m4s` files for HLS and DASH alike. */
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Track } from '#playback/job.ts'
import { runProgram } from '#playback/sandboxing/run.ts'
import type { Sandbox } from '#playback/sandboxing/sandbox.ts'
import { EncodeError } from '#playback/transcode/driver.ts'

export const SEGMENT_SECONDS = 2
const MEMORY_BYTES = 2_000_000_000
const WALL_MS = 60_000

const PROGRAMS: Readonly<Record<string, string>> = {
  'linux-x64': 'packager-linux-x64',
  'linux-arm64': 'packager-linux-arm64',
  'darwin-x64': 'packager-osx-x64',
  'darwin-arm64': 'packager-osx-arm64',
  'win32-x64': 'packager-win-x64.exe',
}

function packagerProgram(): string {
  const name = PROGRAMS[`${process.platform}-${process.arch}`]
  if (name === undefined) throw new EncodeError('us', `no packager for ${process.platform} ${process.arch}`)
  const home = path.dirname(createRequire(import.meta.url).resolve('shaka-packager/package.json'))
  return path.join(home, 'bin', name)
}

export type Packaging = {
  readonly kind: 'video' | 'audio'
  readonly source: string
  /** Folder that stands for the title; files land in `<folder>/<name>` below it. */
  readonly root: string
  readonly folder: string
  readonly name: string
  readonly aligned: boolean
  readonly encoder: string
}

/** Packages one track; resolves with what the manifests must say of it. */
export async function packageTrack(
  sandbox: Sandbox,
  what: Packaging,
  run: { signal?: AbortSignal | undefined; contentMs: number },
): Promise<Track> {
  const place = `${what.folder}/${what.name}`
  await mkdir(path.join(what.root, place), { recursive: true })
  const [hls, dash] = [`${what.name}.m3u8`, `${what.name}.mpd`]
  const fields = {
    in: what.source,
    stream: what.kind,
    init_segment: `${place}/init.mp4`,
    segment_template: `${place}/$Number$.m4s`,
    playlist_name: `${place}/index.m3u8`,
    ...(what.kind === 'video' ? {} : { hls_group_id: 'sound', hls_name: 'main' }),
  }
  const descriptor = Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const ended = await runProgram(
    sandbox,
    packagerProgram(),
    [
      descriptor,
      `--segment_duration=${SEGMENT_SECONDS}`,
      '--generate_static_live_mpd',
      `--mpd_output=${dash}`,
      `--hls_master_playlist_output=${hls}`,
      '--hls_playlist_type=VOD',
      '--quiet',
    ],
    {
      cwd: what.root,
      wallMs: WALL_MS + run.contentMs,
      limits: { cpuSeconds: (WALL_MS + run.contentMs) / 1000, memoryBytes: MEMORY_BYTES },
      signal: run.signal,
    },
  )
  if (ended.exitCode !== 0) throw new EncodeError('us', `the packager failed: ${ended.said}`)
  return readTrack(
    what,
    await readFile(path.join(what.root, hls), 'utf8'),
    await readFile(path.join(what.root, dash), 'utf8'),
  )
}

const field = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''

/** What the packager wrote of a track that is alone in its manifests. */
export function readTrack(
  what: Pick<Packaging, 'kind' | 'folder' | 'name' | 'aligned' | 'encoder'>,
  hls: string,
  dash: string,
): Track {
  const peak = Number(field(dash, /<Representation[^>]* bandwidth="(\d+)"/))
  const [hours, minutes, secs] = ['H', 'M', 'S'].map((unit) =>
    Number(field(dash, new RegExp(`mediaPresentationDuration="PT[^"]*?([\\d.]+)${unit}`)) || 0),
  ) as [number, number, number]
  return {
    kind: what.kind,
    name: what.name,
    playlist: `${what.folder}/${what.name}/index.m3u8`,
    codecs: field(dash, /<Representation[^>]* codecs="([^"]+)"/),
    peakBps: peak,
    averageBps: Number(field(hls, /AVERAGE-BANDWIDTH=(\d+)/)) || peak,
    widthPx: Number(field(dash, /<AdaptationSet[^>]* width="(\d+)"/)),
    heightPx: Number(field(dash, /<AdaptationSet[^>]* height="(\d+)"/)),
    frameRate: field(dash, /<AdaptationSet[^>]* frameRate="([^"]+)"/),
    channels: Number(field(dash, /channel_configuration:2011" value="(\d+)"/)),
    segmentTemplate: field(dash, /(<SegmentTemplate[\s\S]*?<\/SegmentTemplate>)/),
    pixelAspect: field(dash, /<Representation[^>]* sar="([^"]+)"/),
    durationMs: Math.round((hours * 3600 + minutes * 60 + secs) * 1000),
    aligned: what.aligned,
    encoder: what.encoder,
  }
}
