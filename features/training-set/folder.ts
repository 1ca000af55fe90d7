/** The folder of a training set: written beside under another name and put in place whole, so that none is ever half there. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/errors.ts'

const MANIFEST = 'manifest.json'

export type Folder = {
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Writes the manifest and puts the folder in its place. */
  finish(manifest: object): Promise<void>
  /** Takes away what was written when it was not finished. */
  close(): Promise<void>
}

/** Refuses a folder that holds anything but an earlier training set, which is then replaced. */
export async function openFolder(out: string): Promise<Folder> {
  const at = path.resolve(out)
  const taken = existsSync(at) && !(await isTrainingSet(at))
  if (taken) throw new Refusal(refusals.datasetFolderTaken, `${out} holds something else.`)
  const draft = `${at}.draft-${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  return {
    write: (name, bytes) => writeFile(path.join(draft, name), bytes),
    finish: async (manifest) => {
      await writeFile(path.join(draft, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
      await rm(at, { recursive: true, force: true })
      await rename(draft, at)
    },
    close: () => rm(draft, { recursive: true, force: true }),
  }
}

const PART = /^part-\d+\.(parquet|arrows?)$/

/** Nothing but a manifest of ours and its parts, or nothing at all: what may be replaced. */
async function isTrainingSet(folder: string): Promise<boolean> {
  const names = await readdir(folder)
  if (names.length === 0) return true
  if (!names.includes(MANIFEST) || !names.every((name) => name === MANIFEST || PART.test(name))) return false
  try {
    const manifest = JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8')) as { dataHash?: unknown }
    return typeof manifest.dataHash === 'string'
  } catch {
    return false
  }
}
