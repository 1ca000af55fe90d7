/**
 * The two manifests of a title, written from the tracks that are ready. They are rewritten when a rendition
 * joins; segments and media playlists never change, so a client that holds an older manifest plays on.
 */
import { assert } from '#base/assert.ts'
import type { Track } from '#playback/job.ts'

const byHeight = (a: Track, b: Track): number => a.heightPx - b.heightPx
const split = (tracks: readonly Track[]): { videos: Track[]; audio: Track | undefined } => ({
  videos: tracks.filter((track) => track.kind === 'video').sort(byHeight),
  audio: tracks.find((track) => track.kind === 'audio'),
})

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))
/** `12800/512` frames per second as a decimal, or as the shortest fraction. */
const rateOf = (rate: string): { decimal: string; fraction: string } => {
  const [num = 0, den = 1] = rate.split('/').map(Number)
  const divisor = greatestDivisor(num, den) || 1
  const fraction = den === divisor ? String(num / divisor) : `${num / divisor}/${den / divisor}`
  return { decimal: (num / den).toFixed(3), fraction }
}

/** HLS: the smallest rendition first, which is what players begin with. */
export function writeMaster(tracks: readonly Track[]): string {
  const { videos, audio } = split(tracks)
  assert(videos.length > 0, 'a master playlist needs a video track')
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', '']
  if (audio !== undefined) {
    lines.push(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="main",DEFAULT=YES,AUTOSELECT=YES,` +
        `CHANNELS="${audio.channels || 2}",URI="${audio.playlist}"`,
      '',
    )
  }
  for (const video of videos) {
    const codecs = [video.codecs, ...(audio === undefined ? [] : [audio.codecs])].join(',')
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${video.peakBps + (audio?.peakBps ?? 0)},` +
        `AVERAGE-BANDWIDTH=${video.averageBps + (audio?.averageBps ?? 0)},CODECS="${codecs}",` +
        `RESOLUTION=${video.widthPx}x${video.heightPx},FRAME-RATE=${rateOf(video.frameRate).decimal}` +
        `${audio === undefined ? '' : ',AUDIO="sound"'},CLOSED-CAPTIONS=NONE`,
      video.playlist,
    )
  }
  return `${lines.join('\n')}\n`
}

function shape(video: Track): string {
  const [horizontal = 1, vertical = 1] = video.pixelAspect.split(':').map(Number)
  const [width, height] = [video.widthPx * horizontal, video.heightPx * vertical]
  const divisor = greatestDivisor(width, height) || 1
  return `${width / divisor}:${height / divisor}`
}

const attributes = (values: Record<string, string | number | boolean>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('')

function representation(track: Track): string {
  const own =
    track.kind === 'video'
      ? {
          width: track.widthPx,
          height: track.heightPx,
          frameRate: rateOf(track.frameRate).fraction,
          sar: track.pixelAspect,
          startWithSAP: 1,
        }
      : { audioSamplingRate: /timescale="(\d+)"/.exec(track.segmentTemplate)?.[1] ?? '' }
  const head = {
    id: track.name,
    bandwidth: track.peakBps,
    codecs: track.codecs,
    mimeType: `${track.kind}/mp4`,
  }
  const channels =
    track.kind === 'audio'
      ? `        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" ` +
        `value="${track.channels || 2}"/>\n`
      : ''
  return (
    `      <Representation${attributes({ ...head, ...own })}>\n${channels}` +
    `        ${track.segmentTemplate}\n      </Representation>`
  )
}

/** DASH, on the same segments. */
export function writeMpd(tracks: readonly Track[]): string {
  const { videos, audio } = split(tracks)
  assert(videos.length > 0, 'a manifest needs a video track')
  const durationMs = Math.max(...tracks.map((track) => track.durationMs))
  const videoSet = attributes({
    id: 0,
    contentType: 'video',
    maxWidth: Math.max(...videos.map((video) => video.widthPx)),
    maxHeight: Math.max(...videos.map((video) => video.heightPx)),
    par: shape(videos.at(-1) as Track),
    segmentAlignment: videos.every((video) => video.aligned) || videos.length === 1,
  })
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011"' +
      ` minBufferTime="PT2S" type="static" mediaPresentationDuration="PT${(durationMs / 1000).toFixed(3)}S">`,
    '  <Period id="0" start="PT0S">',
    `    <AdaptationSet${videoSet}>`,
    ...videos.map(representation),
    '    </AdaptationSet>',
  ]
  if (audio !== undefined) {
    const audioSet = attributes({ id: 1, contentType: 'audio', startWithSAP: 1, segmentAlignment: true })
    lines.push(`    <AdaptationSet${audioSet}>`, representation(audio), '    </AdaptationSet>')
  }
  return `${[...lines, '  </Period>', '</MPD>'].join('\n')}\n`
}
