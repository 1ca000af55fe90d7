/**
 * lmdb, opened and written so that neither a full disk nor a power cut can take the process down. A write that finds the
 * disk full spoils the memory of the whole process, and a file whose first pages never reached the disk is read all the
 * same. So the file is kept longer than what is in it, a write begins only when the room it may need is there, and what
 * a new file begins with is on the disk before it is used.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { type Key, open, type RootDatabase } from 'lmdb'

/** What a write may change: entries, and the bytes of their keys and values. */
export type WriteSize = { readonly entries: number; readonly bytes: number }
export type LmdbFile<Value, K extends Key> = {
  /** To be read; writes go through `write`. */
  readonly db: RootDatabase<Value, K>
  /** Resolves when what `change` says is on the disk; rejects when it is not, with one error and no rejection left over. */
  write(size: WriteSize, change: () => Promise<unknown>): Promise<void>
  close(): Promise<void>
}

/** What lmdb says of a database; it has no type for it. */
type Stats = {
  readonly pageSize: number
  readonly lastPageNumber: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
}

/** The file is made longer by so many bytes at a time at least. */
const STEP_BYTES = 2 * 1024 * 1024
const ZEROS = new Uint8Array(1024 * 1024)
/** Pages a write changes beside those of its entries: the way down to them, the list of free pages. */
const WAY_PAGES = 32
/** Where the two first pages are. */
const HEAD_BYTES = 8192

export function openLmdbFile<Value, K extends Key>(dir: string): LmdbFile<Value, K> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const name = path.join(dir, 'data.mdb')
  // Nothing in it was ever acknowledged.
  if (existsSync(name) && neverReachedTheDisk(name)) rmSync(name)
  /*
   * Without batches of its own, overlapping syncs and transactions: with any of them a full disk leaves rejections that
   * nobody can catch, promises that never settle, or a process that stands still. A write that resolves is on the disk.
   */
  const db = open<Value, K>({
    path: dir,
    encoding: 'msgpack',
    cache: false,
    eventTurnBatching: false,
    overlappingSync: false,
  })
  const file = openSync(name, 'r+')
  fdatasyncSync(file)
  syncName(dir)
  /** Bytes that writes on their way may need. */
  let onTheirWay = 0

  /** Every page an entry touches is written anew, and new pages are at least half full. */
  const mostBytes = ({ entries, bytes }: WriteSize, stats: Stats): number => {
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount
    return (Math.min(2 * entries, pages) + WAY_PAGES) * stats.pageSize + 4 * bytes
  }
  const makeRoom = (until: number): void => {
    const wanted = until + Math.max(STEP_BYTES, Math.floor(until / 8))
    for (let size = fstatSync(file).size; size < wanted; ) {
      try {
        size += writeSync(file, ZEROS, 0, Math.min(ZEROS.length, wanted - size), size)
      } catch (error) {
        if (fstatSync(file).size >= until) return
        throw new Error('the disk has no room for what lmdb may write', { cause: error })
      }
    }
  }
  return {
    db,
    write: async (size, change) => {
      const stats = db.getStats() as Stats
      const most = mostBytes(size, stats)
      const until = (stats.lastPageNumber + 1) * stats.pageSize + onTheirWay + most
      if (fstatSync(file).size < until) makeRoom(until)
      onTheirWay += most
      try {
        await change()
      } catch (error) {
        // The reason comes as a promise of its own, which may never settle and must not be left alone; lmdb prints it.
        const { commitError } = error as { commitError?: Promise<never> }
        void commitError?.catch(() => undefined)
        throw new Error('lmdb could not write', { cause: error })
      } finally {
        onTheirWay -= most
      }
    },
    close: async () => {
      await db.close()
      closeSync(file)
    },
  }
}

/** That the file is there is on the disk. */
function syncName(dir: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The power went before anything was written into the new file: it is empty, or zeros stand where its first pages would. */
function neverReachedTheDisk(name: string): boolean {
  const file = openSync(name, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    readSync(file, head, 0, HEAD_BYTES, 0)
    return head.every((byte) => byte === 0)
  } finally {
    closeSync(file)
  }
}
