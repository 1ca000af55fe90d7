/** Reading a source with the packaged libraries: opening it safely and learning everything the ladder needs. */
import { stat } from 'node:fs/promises'
import {
  AV_CODEC_ID_NONE,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVMEDIA_TYPE_SUBTITLE,
  avGetCodecName,
  avGetPixFmtName,
  Demuxer,
  type Stream,
} from 'node-av'
import { CONTAINERS, type Fraction, type Probed, type ProbedText } from '#playback/transcode/task.ts'

/** Files only, and never a container that names other files. */
export const openSource = (source: string): Promise<Demuxer> =>
  Demuxer.open(source, { options: { protocol_whitelist: 'file', format_whitelist: CONTAINERS } as never })

export const seconds = (value: bigint, stream: Stream): number =>
  (Number(value) * stream.timeBase.num) / stream.timeBase.den

const fraction = (value: { num: number; den: number }): Fraction => ({ num: value.num, den: value.den })
const codecName = (stream: Stream): string =>
  stream.codecpar.codecId === AV_CODEC_ID_NONE
    ? 'unknown'
    : (avGetCodecName(stream.codecpar.codecId) ?? 'unknown')

/** The clockwise turn a display matrix asks for, in quarter turns. */
function turnOf(stream: Stream): number {
  const matrix = stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)
  if (matrix === null || matrix.length < 36) return 0
  const angle = (Math.atan2(matrix.readInt32LE(4), matrix.readInt32LE(0)) * 180) / Math.PI
  return (Math.round(angle / 90) * 90 + 360) % 360
}

/** Average and nominal frame rate of a steady picture differ by no more than the ends of the file explain. */
const STEADY_WITHIN = 0.02

type Tally = {
  packets: number
  bytes: number
  keyframes: number
  first: number
  last: number
  lastKey: number
  longestGop: number
}
const emptyTally = (): Tally => ({
  packets: 0,
  bytes: 0,
  keyframes: 0,
  first: Number.POSITIVE_INFINITY,
  last: 0,
  lastKey: 0,
  longestGop: 0,
})

function tally(demuxer: Demuxer): Map<number, Tally> {
  const tallies = new Map<number, Tally>()
  for (const packet of demuxer.packetsSync()) {
    if (packet === null) break
    const stream = demuxer.getStream(packet.streamIndex)
    let count = tallies.get(packet.streamIndex)
    if (count === undefined) tallies.set(packet.streamIndex, (count = emptyTally()))
    count.packets++
    count.bytes += packet.size
    if (stream !== undefined) {
      const at = seconds(packet.pts < 0n && packet.dts > packet.pts ? packet.dts : packet.pts, stream)
      count.first = Math.min(count.first, at)
      count.last = Math.max(count.last, at + seconds(packet.duration, stream))
      if (packet.isKeyframe) {
        if (count.keyframes++ > 0) count.longestGop = Math.max(count.longestGop, at - count.lastKey)
        count.lastKey = at
      }
    }
    packet.free()
  }
  return tallies
}

export async function probeSource(source: string): Promise<Probed> {
  const { size } = await stat(source)
  const demuxer = await openSource(source)
  try {
    const [video, audio] = [demuxer.video(), demuxer.audio()]
    const pictureOnly = video !== undefined && video.attachedPic === null ? video : undefined
    const tallies = tally(demuxer)
    const of = (stream: Stream): Tally => tallies.get(stream.index) ?? emptyTally()
    const kbps = (stream: Stream): number => {
      const { bytes, first, last } = of(stream)
      return last > first ? Math.round((bytes * 8) / 1000 / (last - first)) : 0
    }
    const texts: ProbedText[] = demuxer.streams
      .filter((stream) => stream.codecpar.codecType === AVMEDIA_TYPE_SUBTITLE)
      .map((stream) => ({
        streamIndex: stream.index,
        codec: codecName(stream),
        language: stream.metadata?.get('language') ?? 'und',
      }))
    return {
      container: demuxer.formatName.split(',')[0] ?? 'unknown',
      statedMs: Math.round(demuxer.duration * 1000),
      sizeBytes: size,
      video:
        pictureOnly === undefined ? null : describeVideo(pictureOnly, of(pictureOnly), kbps(pictureOnly)),
      audio:
        audio === undefined || of(audio).packets === 0
          ? null
          : {
              codec: codecName(audio),
              profile: audio.codecpar.profile,
              channels: audio.codecpar.channels,
              sampleRate: audio.codecpar.sampleRate,
              kbps: kbps(audio),
            },
      texts,
    }
  } finally {
    await demuxer.close()
  }
}

function describeVideo(stream: Stream, count: Tally, kbps: number): NonNullable<Probed['video']> {
  const { codecpar } = stream
  const [average, real] = [fraction(stream.avgFrameRate), fraction(stream.rFrameRate)]
  const measured = count.last > count.first ? count.packets / (count.last - count.first) : 0
  const steady = Math.abs((average.num / average.den) * (real.den / real.num) - 1) < STEADY_WITHIN
  const rate = steady || average.num === 0 || average.den === 0 ? real : average
  const sample = fraction(codecpar.sampleAspectRatio)
  return {
    codec: codecName(stream),
    profile: codecpar.profile,
    pixelFormat: avGetPixFmtName(codecpar.format as never) ?? 'unknown',
    widthPx: codecpar.width,
    heightPx: codecpar.height,
    pixelAspect: sample.num > 0 && sample.den > 0 ? sample : { num: 1, den: 1 },
    turnDegrees: turnOf(stream),
    frameRate: rate.num > 0 && rate.den > 0 ? rate : { num: Math.max(1, Math.round(measured)), den: 1 },
    steady,
    kbps,
    statedMs: stream.duration > 0n ? Math.round(seconds(stream.duration, stream) * 1000) : 0,
    frames: count.packets,
    firstMs: count.packets === 0 ? 0 : Math.round(count.first * 1000),
    lastMs: Math.round(count.last * 1000),
    keyframeCount: count.keyframes,
    longestGopMs: Math.round(Math.max(count.longestGop, count.last - count.lastKey) * 1000),
  }
}
