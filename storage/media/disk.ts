/** The media store in a folder. Content is written beside, synced, then renamed in: a key is there whole or not at all. */
import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/media/errors.ts'
import { checkedKey, checkedPrefix } from '#storage/media/keys.ts'
import type { MediaObject, MediaStore } from '#storage/media/media-store.ts'

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

export function openDiskMedia({ dir }: { readonly dir: string }): MediaStore {
  const root = path.join(dir, 'objects')
  const incoming = path.join(dir, 'incoming')
  mkdirSync(incoming, { recursive: true, mode: 0o700 })
  mkdirSync(root, { recursive: true, mode: 0o700 })
  removeAbandoned(incoming)
  let number = 0
  const pathOf = (key: string): string => path.join(root, checkedKey(key))
  const draft = (): string => path.join(incoming, `${process.pid}-${number++}`)

  const moveIn = async (from: string, key: string): Promise<void> => {
    const target = pathOf(key)
    await sync(from)
    await mkdir(path.dirname(target), { recursive: true })
    await rename(from, target)
    await sync(path.dirname(target))
  }
  const head = async (key: string): Promise<MediaObject | null> => {
    try {
      const found = await stat(pathOf(key))
      if (!found.isFile()) return null
      const modifiedAt = Math.trunc(found.mtimeMs)
      return {
        sizeBytes: found.size,
        modifiedAt,
        etag: `"${found.size.toString(36)}-${modifiedAt.toString(36)}"`,
      }
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }
  const demand = async (key: string): Promise<MediaObject> => {
    const found = await head(key)
    if (found === null) throw new Refusal(refusals.missing, `There is no ${key}.`)
    return found
  }
  const read = async (key: string, range?: { start: number; end: number }): Promise<Readable> => {
    const { sizeBytes } = await demand(key)
    if (range !== undefined && (range.start < 0 || range.end < range.start || range.end >= sizeBytes)) {
      throw new Refusal(refusals.badRange, `${key} has ${sizeBytes} bytes.`)
    }
    return createReadStream(pathOf(key), range)
  }
  return {
    put: async (key, content) => {
      checkedKey(key)
      const from = draft()
      try {
        await pipeline(
          content instanceof Uint8Array ? [content] : content,
          createWriteStream(from, { mode: 0o600 }),
        )
        await moveIn(from, key)
      } catch (error) {
        await rm(from, { force: true })
        throw error
      }
    },
    putFile: async (key, file) => {
      checkedKey(key)
      try {
        await moveIn(file, key)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
        const from = draft()
        await copyFile(file, from)
        await moveIn(from, key)
        await rm(file, { force: true })
      }
    },
    head,
    read,
    bytes: async (key) => {
      const chunks: Buffer[] = []
      for await (const chunk of await read(key)) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks)
    },
    list: async (prefix) => {
      const at = path.join(root, checkedPrefix(prefix))
      try {
        const entries = await readdir(at, { recursive: true, withFileTypes: true })
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) =>
            path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
          )
          .sort()
      } catch (error) {
        if (isMissing(error)) return []
        throw error
      }
    },
    deletePrefix: async (prefix) => {
      if (checkedPrefix(prefix) === '')
        throw new Refusal(refusals.badKey, 'Everything is not a prefix to delete.')
      await rm(path.join(root, checkedPrefix(prefix)), { recursive: true, force: true })
    },
    close: async () => {},
  }
}

/** Drafts of processes that are gone; those of a process beside us stay. */
function removeAbandoned(incoming: string): void {
  for (const name of readdirSync(incoming)) {
    const pid = Number(name.split('-')[0])
    if (!isAlive(pid)) rmSync(path.join(incoming, name), { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
