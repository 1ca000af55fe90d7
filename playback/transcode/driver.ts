/** What the encoder's two drivers have in common: tasks done in child processes, with faults told apart. */
import type { EncodingTask } from '#playback/transcode/task.ts'

export type TaskRun = {
  readonly signal?: AbortSignal
  /** Frames done so far. */
  readonly onFrames?: (frames: number) => void
  /** Length of what is worked on: the time limit follows from it. */
  readonly contentMs?: number
}
/** What does the work. Rejects with an EncodeError. */
export type Driver = {
  /** e.g. `ffmpeg 7.1`, `FFmpeg 8.1 (packaged)`. */
  readonly name: string
  perform(task: EncodingTask, run?: TaskRun): Promise<void>
}
/** `source`: the file is at fault; `us`: the encoder died, ran out of time or memory, or was not there. */
export class EncodeError extends Error {
  override name = 'EncodeError'
  readonly fault: 'source' | 'us'
  constructor(fault: 'source' | 'us', message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
