/** The packaged encoder: FFmpeg's libraries from npm, each task in a child process of its own. */
import { fileURLToPath } from 'node:url'
import { runProgram } from '#playback/sandboxing/run.ts'
import type { Limits, Sandbox } from '#playback/sandboxing/sandbox.ts'
import { type Driver, EncodeError, type TaskRun } from '#playback/transcode/driver.ts'
import type { CutTask, Probed, Task, TextTask } from '#playback/transcode/task.ts'

const CHILD = fileURLToPath(new URL('packaged-process.ts', import.meta.url))
const MEMORY_BYTES = 4_000_000_000
const HEAP_MB = 512

/** A minute to begin with, then forty times the length of the content; processor time twice that. */
export function timeLimits(contentMs = 0): { wallMs: number; limits: Limits } {
  const wallMs = 60_000 + contentMs * 40
  return { wallMs, limits: { cpuSeconds: (wallMs / 1000) * 2, memoryBytes: MEMORY_BYTES } }
}

type Said = { frames?: number; result?: unknown; failure?: string }

/** What reads a source, whichever encoder is in use. */
export type Reader = {
  probe(source: string, run?: TaskRun): Promise<Probed>
  /** A part of a source, bit for bit. */
  cut(task: Omit<CutTask, 'kind'>, run?: TaskRun): Promise<void>
  /** A text track of a source as WebVTT. */
  text(task: Omit<TextTask, 'kind'>, run?: TaskRun): Promise<void>
}

export function openPackaged(sandbox: Sandbox): Driver & Reader {
  async function perform(task: Task, run: TaskRun = {}): Promise<unknown> {
    let last: Said = {}
    const ended = await runProgram(
      sandbox,
      process.execPath,
      [`--max-old-space-size=${HEAP_MB}`, '--no-warnings', CHILD],
      {
        ...timeLimits(run.contentMs),
        signal: run.signal,
        input: `${JSON.stringify(task)}\n`,
        onLine: (line) => {
          last = JSON.parse(line) as Said
          if (last.frames !== undefined) run.onFrames?.(last.frames)
        },
      },
    )
    if (ended.exitCode === 0 && 'result' in last) return last.result
    if (last.failure !== undefined) {
      throw new EncodeError('source', [last.failure, ended.said].filter(Boolean).join(': '))
    }
    const how = ended.late ? 'ran out of time' : `ended by ${ended.killed ?? `code ${ended.exitCode}`}`
    throw new EncodeError('us', `the encoder ${how}. ${ended.said}`)
  }
  return {
    name: 'FFmpeg 8.1 (packaged)',
    perform: async (task, run) => {
      await perform(task, run)
    },
    probe: async (source, run) => (await perform({ kind: 'probe', source }, run)) as Probed,
    cut: async (task, run) => {
      await perform({ kind: 'cut', ...task }, run)
    },
    text: async (task, run) => {
      await perform({ kind: 'text', ...task }, run)
    },
  }
}
