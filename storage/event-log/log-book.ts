/**
 * What the log knows beside its segments, in one lmdb: how far each group has read, and what stands in each closed
 * segment, so that a start reads only the last one. Groups are told durably; segments can be told again from the files.
 */
import path from 'node:path'
import { openLmdbFile } from '#storage/lmdb-file.ts'

/** Next offset a group reads, and when it last said so. */
export type GroupMark = { readonly next: number; readonly at: number }

/** A closed segment: what a scan of its file would find. */
export type SegmentNote = {
  /** Size of the file; a file of another size was not the one noted. */
  readonly fileBytes: number
  /** Bytes of whole frames; what follows in the file was never acknowledged. */
  readonly bytes: number
  readonly endOffset: number
  readonly events: number
  readonly writtenAt: number
  /** The packed frames: see frames.ts. */
  readonly frames: Uint8Array
}

type Key = string[]
/** Before format 3 of a mark there was only its offset. */
type StoredMark = number | readonly [next: number, at: number]

export type LogBook = {
  mark(group: string, stream: string, partition: number): GroupMark | null
  /** Durable when it resolves; rejects when the disk does not take it. */
  setMark(group: string, stream: string, partition: number, mark: GroupMark): Promise<void>
  /** Every group that has ever committed in the partition. */
  groupsOf(stream: string, partition: number): ReadonlyMap<string, GroupMark>
  note(stream: string, partition: number, file: string): SegmentNote | null
  setNote(stream: string, partition: number, file: string, note: SegmentNote): Promise<void>
  dropNote(stream: string, partition: number, file: string): Promise<void>
  close(): Promise<void>
}

/** A key, and what a value says beside packed frames; lmdb takes keys of up to 1,978 bytes. */
const BESIDE_BYTES = 4096
/** Notes stand before all groups: no group has an empty name. */
const NOTES = ''

export function openLogBook(dir: string): LogBook {
  const { db, write, close } = openLmdbFile<unknown, Key>(path.join(dir, 'groups'))
  const put = (key: Key, value: unknown, valueBytes: number): Promise<void> =>
    write({ entries: 1, bytes: BESIDE_BYTES + valueBytes }, () => db.put(key, value))
  const read = (stored: StoredMark): GroupMark =>
    typeof stored === 'number' ? { next: stored, at: 0 } : { next: stored[0], at: stored[1] }
  const noteKey = (stream: string, partition: number, file: string): Key => [
    NOTES,
    stream,
    String(partition),
    file,
  ]

  return {
    mark: (group, stream, partition) => {
      const stored = db.get([group, stream, String(partition)]) as StoredMark | undefined
      return stored === undefined ? null : read(stored)
    },
    setMark: (group, stream, partition, { next, at }) =>
      put([group, stream, String(partition)], [next, at], 0),
    groupsOf: (stream, partition) => {
      const groups = new Map<string, GroupMark>()
      for (const { key, value } of db.getRange({})) {
        const [group, ofStream, ofPartition] = key
        if (group === undefined || group === NOTES || ofStream !== stream) continue
        if (ofPartition === String(partition)) groups.set(group, read(value as StoredMark))
      }
      return groups
    },
    note: (stream, partition, file) =>
      (db.get(noteKey(stream, partition, file)) as SegmentNote | undefined) ?? null,
    setNote: (stream, partition, file, note) =>
      put(noteKey(stream, partition, file), note, note.frames.length),
    dropNote: (stream, partition, file) =>
      write({ entries: 1, bytes: BESIDE_BYTES }, () => db.remove(noteKey(stream, partition, file))),
    close,
  }
}
