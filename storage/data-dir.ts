/**
 * The data directory says which format it is in. A newer one is refused, an older one is brought up step by step, and
 * a folder that is not ours is left alone.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { takeLock } from '#storage/data-dir-lock.ts'
import { refusals } from '#storage/errors.ts'

const FILE = 'format.json'

/** Brings a directory of the format `from` to the next. A step that was cut short is run again from its beginning. */
type Step = { readonly from: number; readonly about: string; run(dir: string): void }

const steps: readonly Step[] = [
  {
    from: 1,
    about: 'media lie in a folder of their own, apart from what is still being written',
    run: (dir) => {
      const media = path.join(dir, 'media')
      if (!existsSync(media)) return
      const objects = path.join(media, 'objects')
      mkdirSync(objects, { recursive: true })
      for (const name of readdirSync(media)) {
        if (name !== 'objects' && name !== 'incoming') {
          renameSync(path.join(media, name), path.join(objects, name))
        }
      }
    },
  },
]
export const FORMAT = 2

function writeFormat(dir: string, version: number): void {
  const file = path.join(dir, FILE)
  writeFileSync(`${file}.new`, `${JSON.stringify({ product: 'streamverse', format: version })}\n`, {
    flush: true,
  })
  renameSync(`${file}.new`, file)
}

function readFormat(dir: string): number | null {
  const file = path.join(dir, FILE)
  if (!existsSync(file)) return null
  try {
    const { product, format } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (product === 'streamverse' && typeof format === 'number' && Number.isInteger(format) && format > 0) {
      return format
    }
  } catch (cause) {
    throw new Refusal(refusals.notOurs, `${file} cannot be read.`, { cause })
  }
  throw new Refusal(refusals.notOurs, `${file} is of a format nobody here knows.`)
}

/** Files that may lie in a directory before it has a format. */
const isOurs = (name: string): boolean => name.startsWith('lock') || name.startsWith(FILE)

/** Refuses what must not be touched; nothing is written. */
export function checkFormat(dir: string): number | null {
  if (!existsSync(dir)) return null
  const format = readFormat(dir)
  if (format === null) {
    const strangers = readdirSync(dir).filter((name) => !isOurs(name))
    if (strangers.length > 0) {
      throw new Refusal(
        refusals.notOurs,
        `${dir} holds ${strangers.slice(0, 3).join(', ')} but was not made by StreamVerse.`,
      )
    }
    return null
  }
  if (format > FORMAT) {
    throw new Refusal(
      refusals.newerFormat,
      `${dir} is in format ${format}; this version knows formats up to ${FORMAT}.`,
    )
  }
  return format
}

/** Why nothing can be kept in a folder that is there or is to be made, as what to do about it; null when it can. */
export function folderProblem(dir: string): string | null {
  let there = dir
  while (!existsSync(there)) there = path.dirname(there)
  if (!statSync(there).isDirectory()) return `${there} is a file; give a folder`
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
    return null
  } catch {
    // the one thing asked: whether this user may
    return `this user may not write to ${there}; give another folder, or the user the right`
  }
}

/** One folder after the other: below /proc, Node's own `recursive` tries again for ever. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return
  makeFolder(path.dirname(dir))
  mkdirSync(dir, { mode: 0o711 })
}

/** Makes the directory if it is not there and takes its lock. Refuses what is not ours, newer, or cannot be written. */
export function prepareDir(dir: string): ReturnType<typeof takeLock> {
  try {
    checkFormat(dir)
    makeFolder(dir)
    return takeLock(dir)
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal(refusals.unusable, `${dir} cannot be used: ${(cause as Error).message}.`, { cause })
  }
}

/** Makes the directory, or brings it to today's format. Call it while holding the lock. */
export function bringUpToDate(dir: string, heard: (about: string) => void): void {
  for (let format = checkFormat(dir); format !== null && format < FORMAT; format++) {
    const step = steps.find(({ from }) => from === format)
    if (step === undefined) throw new Refusal(refusals.notOurs, `Nothing leads on from format ${format}.`)
    heard(step.about)
    step.run(dir)
    writeFormat(dir, format + 1)
  }
  if (checkFormat(dir) === null) writeFormat(dir, FORMAT)
}
