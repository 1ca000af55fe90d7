/** A source with a text track, for tests: the picture of another file with timed text (mov_text) muxed beside it. */
import {
  AV_CODEC_ID_MOV_TEXT,
  AVMEDIA_TYPE_SUBTITLE,
  Demuxer,
  Dictionary,
  FFmpegError,
  FormatContext,
  Packet,
  Rational,
} from 'node-av'
import type { Cue } from '#playback/packaging/vtt.ts'

/** A sample of timed text: its length in two bytes, then the words. Without words it ends those before it. */
function sampleOf(words: string): Buffer {
  const text = Buffer.from(words)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, text])
}

function packetOf(streamIndex: number, startMs: number, durationMs: number, words: string): Packet {
  const packet = new Packet()
  packet.alloc()
  packet.data = sampleOf(words)
  packet.streamIndex = streamIndex
  packet.timeBase = new Rational(1, 1000)
  packet.pts = BigInt(startMs)
  packet.dts = BigInt(startMs)
  packet.duration = BigInt(durationMs)
  return packet
}

export async function muxCaptioned(
  source: string,
  target: string,
  language: string,
  cues: readonly Cue[],
): Promise<void> {
  const must = (code: number): void => FFmpegError.throwIfError(code, 'mux')
  const demuxer = await Demuxer.open(source)
  const from = demuxer.video()
  if (from === undefined) throw new Error('the source has no picture')
  const output = new FormatContext()
  must(output.allocOutputContext2(null, 'mp4', target))
  const picture = output.newStream(null)
  must(from.codecpar.copy(picture.codecpar))
  picture.codecpar.codecTag = 0
  picture.timeBase = from.timeBase
  const text = output.newStream(null)
  text.codecpar.codecType = AVMEDIA_TYPE_SUBTITLE
  text.codecpar.codecId = AV_CODEC_ID_MOV_TEXT
  text.timeBase = new Rational(1, 1000)
  text.metadata = Dictionary.fromObject({ language })
  must(await output.openOutput())
  must(await output.writeHeader())
  for (const packet of demuxer.packetsSync(from.index)) {
    if (packet === null) break
    packet.streamIndex = picture.index
    packet.rescaleTs(from.timeBase, picture.timeBase)
    must(await output.interleavedWriteFrame(packet))
  }
  let at = 0
  for (const { startMs, endMs, text: words } of cues) {
    const gap = packetOf(text.index, at, startMs - at, '')
    const spoken = packetOf(text.index, startMs, endMs - startMs, words)
    for (const packet of [gap, spoken]) {
      packet.rescaleTs(new Rational(1, 1000), text.timeBase)
      must(await output.interleavedWriteFrame(packet))
    }
    at = endMs
  }
  must(await output.writeTrailer())
  await output.closeOutput()
  await demuxer.close()
}
