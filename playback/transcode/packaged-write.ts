/** Doing the tasks with the packaged libraries: decode, filter, encode, copy. Runs in the child process only. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  AVSEEK_FLAG_BACKWARD,
  type Codec as AvCodec,
  Codec,
  Decoder,
  type Demuxer,
  Encoder,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBX264,
  FF_ENCODER_MJPEG,
  FilterAPI,
  Frame,
  Muxer,
  type Packet,
  type Stream,
} from 'node-av'
import { openSource, seconds } from '#playback/transcode/packaged-read.ts'
import {
  type AudioTask,
  type CopyTask,
  type CutTask,
  codecOptions,
  type SheetTask,
  type StillsTask,
  sheetFilter,
  stillsFilter,
  type VideoTask,
  videoFilter,
} from '#playback/transcode/task.ts'

export type OnFrame = (frames: number) => void

export function codecNamed(name: string): AvCodec {
  const codec = Codec.findEncoderByName(name as never)
  if (codec === null) throw new Error(`no codec ${name}`)
  return codec
}

async function withSource<T>(source: string, work: (demuxer: Demuxer) => Promise<T>): Promise<T> {
  const demuxer = await openSource(source)
  try {
    return await work(demuxer)
  } finally {
    await demuxer.close()
  }
}

const present = (stream: Stream | undefined, what: string): Stream => {
  if (stream === undefined) throw new Error(`the source has no ${what}`)
  return stream
}

/**
 * Decodes one stream and filters it. Done in place: handing every packet and frame to a thread and back costs a
 * third more processor time; the encoder, which waits on its own threads, is asked without blocking.
 */
async function* filtered(
  demuxer: Demuxer,
  stream: Stream,
  decoder: Decoder,
  filter: FilterAPI,
): AsyncGenerator<Frame | null> {
  yield* filter.framesSync(decoder.framesSync(demuxer.packetsSync(stream.index)))
}

async function writeAll(
  target: string,
  encoder: Encoder,
  packets: AsyncGenerator<Packet | null>,
  onFrame: OnFrame,
): Promise<void> {
  const muxer = await Muxer.open(target, { format: 'mp4' })
  const index = muxer.addStream(encoder)
  let written = 0
  for await (const packet of packets) {
    if (packet === null) break
    await muxer.writePacket(packet, index)
    packet.free()
    if (++written % 12 === 0) onFrame(written)
  }
  await muxer.writePacket(null, index)
  await muxer.close()
  if (written === 0) throw new Error('nothing could be decoded')
}

export const video = (task: VideoTask, onFrame: OnFrame): Promise<void> =>
  withSource(task.source, async (demuxer) => {
    const stream = present(demuxer.video(), 'picture')
    const decoder = await Decoder.create(stream, { exitOnError: false })
    const filter = FilterAPI.create(videoFilter(task), { framerate: task.frameRate })
    const x264 = task.codec === 'libx264'
    const encoder = await Encoder.create(x264 ? FF_ENCODER_LIBX264 : codecNamed(task.codec), {
      decoder,
      filter,
      bitrate: x264 ? 0 : `${Math.round(task.maxKbps * 0.75)}k`,
      maxRate: `${task.maxKbps}k`,
      bufSize: `${task.maxKbps * 2}k`,
      gopSize: task.gopFrames,
      options: codecOptions(task),
    } as never)
    await writeAll(task.target, encoder, encoder.packets(filtered(demuxer, stream, decoder, filter)), onFrame)
  })

export const audio = (task: AudioTask, onFrame: OnFrame): Promise<void> =>
  withSource(task.source, async (demuxer) => {
    const stream = present(demuxer.audio(), 'sound')
    const decoder = await Decoder.create(stream, { exitOnError: false })
    const filter = FilterAPI.create(
      'aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo',
    )
    const encoder = await Encoder.create(FF_ENCODER_AAC, {
      decoder,
      filter,
      bitrate: `${task.kbps}k`,
    } as never)
    await writeAll(task.target, encoder, encoder.packets(filtered(demuxer, stream, decoder, filter)), onFrame)
  })

export const copy = (task: CopyTask): Promise<void> =>
  withSource(task.source, async (demuxer) => {
    const stream = present(task.stream === 'video' ? demuxer.video() : demuxer.audio(), task.stream)
    const muxer = await Muxer.open(task.target, { format: 'mp4' })
    const index = muxer.addStream(stream)
    for (const packet of demuxer.packetsSync(stream.index)) {
      if (packet === null) break
      await muxer.writePacket(packet, index)
      packet.free()
    }
    await muxer.close()
  })

/** Frames shown before `until` may be stored this many seconds after it. */
const LONGEST_REORDER = 1

export const cut = (task: CutTask): Promise<void> =>
  withSource(task.source, async (demuxer) => {
    const picture = present(demuxer.video(), 'picture')
    const streams = [picture, demuxer.audio()].filter((stream) => stream !== undefined)
    await demuxer.seek(task.startMs / 1000, -1, AVSEEK_FLAG_BACKWARD)
    const muxer = await Muxer.open(task.target, { format: 'mp4' })
    const targets = new Map(streams.map((stream) => [stream.index, muxer.addStream(stream)]))
    let from: number | null = null
    for (const packet of demuxer.packetsSync()) {
      if (packet === null) break
      const stream = demuxer.getStream(packet.streamIndex)
      const target = targets.get(packet.streamIndex)
      if (stream !== undefined && target !== undefined) {
        const at = seconds(packet.pts, stream)
        if (from === null && stream.index === picture.index && packet.isKeyframe) from = at
        const until = (from ?? 0) + task.durationMs / 1000
        if (from !== null && at > until + LONGEST_REORDER && stream.index === picture.index) break
        if (from !== null && at >= from && at < until) {
          const shift = BigInt(Math.round((from * stream.timeBase.den) / stream.timeBase.num))
          packet.pts -= shift
          packet.dts -= shift
          await muxer.writePacket(packet, target)
        }
      }
      packet.free()
    }
    await muxer.close()
  })

async function pictures(
  demuxer: Demuxer,
  description: string,
  keyframesOnly: boolean,
  onPicture: (jpeg: Buffer, index: number) => Promise<boolean>,
): Promise<void> {
  const stream = present(demuxer.video(), 'picture')
  const decoder = await Decoder.create(stream, {
    exitOnError: false,
    ...(keyframesOnly ? { options: { skip_frame: 'nokey' } as never } : {}),
  })
  const filter = FilterAPI.create(description)
  let index = 0
  for await (const frame of filtered(demuxer, stream, decoder, filter)) {
    if (frame === null) break
    const jpeg = await Encoder.encodeOne(FF_ENCODER_MJPEG, frame, {
      options: { qmin: '3', qmax: '5' } as never,
    })
    frame.free()
    if (!(await onPicture(jpeg, ++index))) break
  }
  if (index === 0) throw new Error('no picture could be decoded')
}

export const stills = (task: StillsTask): Promise<void> =>
  withSource(task.source, async (demuxer) => {
    await mkdir(task.target, { recursive: true })
    await pictures(demuxer, stillsFilter(task), task.keyframesOnly, async (jpeg, index) => {
      await writeFile(path.join(task.target, `${index}.jpg`), jpeg)
      return index < task.count
    })
  })

export const sheet = (task: SheetTask): Promise<void> =>
  withSource(task.source, (demuxer) =>
    pictures(demuxer, sheetFilter(task), false, async (jpeg) => {
      await writeFile(task.target, jpeg)
      return false
    }),
  )
