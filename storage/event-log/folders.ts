/** Folders and small files that are there after a power cut too. */
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'

/** What was made, renamed or removed in the folder stays so. */
export async function syncFolder(dir: string): Promise<void> {
  // Windows knows no such call, and keeps names in a journal by itself.
  if (process.platform === 'win32') return
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Makes a folder and all above it that are not there. */
export async function makeFolder(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = dir; ; at = path.dirname(at)) {
    await syncFolder(path.dirname(at))
    if (at === first || path.dirname(at) === at) return
  }
}

/** A file that is there whole or not at all. */
export async function writeWholeFile(
  file: string,
  write: (draft: FileHandle) => Promise<unknown>,
): Promise<void> {
  const draft = await open(`${file}.new`, 'w', 0o600)
  try {
    await write(draft)
    await draft.sync()
  } finally {
    await draft.close()
  }
  await rename(`${file}.new`, file)
  await syncFolder(path.dirname(file))
}
