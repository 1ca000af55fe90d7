/** Turning a text track of the source into WebVTT: packets of text with their times, markup taken off. */
import { writeFile } from 'node:fs/promises'
import { type Cue, writeVtt } from '#playback/packaging/vtt.ts'
import { openSource, seconds } from '#playback/transcode/packaged-read.ts'
import type { TextTask } from '#playback/transcode/task.ts'

/** MP4 timed text: two bytes of length, then the text, then boxes of style we leave. */
const timedText = (data: Buffer): string =>
  data.length < 2 ? '' : data.subarray(2, 2 + data.readUInt16BE(0)).toString('utf8')

/** Matroska ASS: eight commas of settings before the words, which hold `{...}` overrides and `\N` line ends. */
const ass = (data: Buffer): string =>
  data
    .toString('utf8')
    .split(',')
    .slice(8)
    .join(',')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\\[Nn]/g, '\n')

export async function text(task: TextTask): Promise<{ cues: number }> {
  const demuxer = await openSource(task.source)
  try {
    const stream = demuxer.getStream(task.streamIndex)
    if (stream === undefined) throw new Error('the source has no such track')
    const cues: Cue[] = []
    for (const packet of demuxer.packetsSync(task.streamIndex)) {
      if (packet === null) break
      const startMs = Math.round(seconds(packet.pts, stream) * 1000)
      const endMs = startMs + Math.round(seconds(packet.duration, stream) * 1000)
      const data = packet.data ?? Buffer.alloc(0)
      const words =
        task.codec === 'mov_text' ? timedText(data) : task.codec === 'ass' ? ass(data) : data.toString('utf8')
      if (words.trim() !== '' && endMs > startMs) cues.push({ startMs, endMs, text: words })
      packet.free()
    }
    await writeFile(task.target, writeVtt(cues))
    return { cues: cues.length }
  } finally {
    await demuxer.close()
  }
}
