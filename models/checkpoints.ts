/**
 * Where a training stands, in files, so that one that was ended goes on where it was. A training's walks come in a fixed
 * order, so the n-th walk finds the n-th file. Files that cannot be read are as if they were not there.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'

/** A walk after an epoch: live weights and optimiser, and the best so far. */
export type WalkState = {
  readonly epochs: number
  readonly loss: number | null
  readonly validation: readonly number[]
  readonly weights: readonly Float32Array[]
  readonly best: {
    readonly epochs: number
    readonly value: number
    readonly weights: readonly Float32Array[]
  }
  /** Nothing is left to do: the weights are those kept. */
  readonly finished: boolean
}
export type Checkpoint = {
  read(): Promise<WalkState | null>
  /** Durable against the end of the process when it resolves; where it cannot be written, it is as if it was not asked. */
  write(state: WalkState): Promise<void>
}
export type Checkpoints = {
  /** Least time between two of a walk: writing one must cost little of what it saves. */
  readonly everyMs: number
  /** That of the next walk. */
  next(): Checkpoint
  /** The training is over: its files go. */
  clear(): Promise<void>
}

/** `key` names data, settings and code: another training never finds these files. */
export function openCheckpoints(folder: string, key: string, everyMs = 5000): Checkpoints {
  const own = path.join(folder, key)
  let walks = 0
  let cleaned: Promise<void> | null = null
  return {
    everyMs,
    next: () => {
      const file = path.join(own, `walk-${walks++}`)
      return {
        read: async () => {
          try {
            return deserialize(await readFile(file)) as WalkState
          } catch {
            return null
          }
        },
        write: async (state) => {
          cleaned ??= dropOld(folder, key)
          await cleaned
          const draft = `${file}.${process.pid}.new`
          try {
            await mkdir(own, { recursive: true, mode: 0o700 })
            await writeFile(draft, serialize(state), { mode: 0o600 })
            await rename(draft, file)
          } catch {
            // A full disk costs the checkpoint, not the training.
            await rm(draft, { force: true })
          }
        },
      }
    },
    clear: () => rm(own, { recursive: true, force: true }),
  }
}

/** Trainings that were never gone on with: their plays or our code have changed. */
const KEPT_MS = 7 * 86_400_000

async function dropOld(folder: string, key: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const at = path.join(folder, name)
    const known = await stat(at).catch(() => null)
    if (name === key || known === null || Date.now() - known.mtimeMs < KEPT_MS) continue
    await rm(at, { recursive: true, force: true })
  }
}
