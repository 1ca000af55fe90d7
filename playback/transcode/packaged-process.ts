/**
 * The child process of the packaged encoder: reads one task from its input, does it with FFmpeg's libraries,
 * says its progress and result as lines of JSON, and ends with its parent.
 */
import { createInterface } from 'node:readline'
import { AV_LOG_ERROR, Log } from 'node-av'
import { probeSource } from '#playback/transcode/packaged-read.ts'
import { text } from '#playback/transcode/packaged-text.ts'
import { tryCodec } from '#playback/transcode/packaged-try.ts'
import { audio, copy, cut, sheet, stills, video } from '#playback/transcode/packaged-write.ts'
import type { Task } from '#playback/transcode/task.ts'

const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

async function perform(task: Task): Promise<unknown> {
  const onFrame = (frames: number): void => say({ frames })
  switch (task.kind) {
    case 'probe':
      return probeSource(task.source)
    case 'video':
      return video(task, onFrame)
    case 'audio':
      return audio(task, onFrame)
    case 'copy':
      return copy(task)
    case 'cut':
      return cut(task)
    case 'stills':
      return stills(task)
    case 'sheet':
      return sheet(task)
    case 'text':
      return text(task)
    case 'try':
      return tryCodec(task)
  }
}

Log.setLevel(AV_LOG_ERROR)
const input = createInterface({ input: process.stdin })
input.once('close', () => process.exit(1))
input.once('line', async (line) => {
  try {
    const result = await perform(JSON.parse(line) as Task)
    process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`, () => process.exit(0))
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ failure: String((error as Error).message) })}\n`, () =>
      process.exit(1),
    )
  }
})
