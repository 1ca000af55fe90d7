/**
 * Compaction of a keyed stream: closed segments are written again with the newest event of each key only. Offsets stay,
 * so there are gaps; a segment is replaced whole, by a file that was on the disk before it got its name.
 */
import path from 'node:path'
import { required } from '#base/assert.ts'
import type { Column, StoredEvent, StreamDefinition } from '#events/define.ts'
import { writeWholeFile } from '#storage/event-log/folders.ts'
import { encodeHeader, type Frame, HEADER_BYTES } from '#storage/event-log/frames.ts'
import type { Partition } from '#storage/event-log/partition.ts'
import { nameOf, readBlock, writeWhole } from '#storage/event-log/segment-file.ts'
import type { Segment } from '#storage/event-log/segment-list.ts'
import { decodeRows, encodeBlock } from '#storage/warehouse/native.ts'

/** A segment is written again when it would lose at least this share of its events. */
const WORTH = 0.2

export type CompactionInput = {
  readonly dir: string
  readonly stream: StreamDefinition
  readonly number: number
  readonly partition: Partition
  readonly columns: readonly Column[]
  readonly logId: string
}
type Row = StoredEvent & { readonly logOffset: number }

/** The newest event of a tenant's key is kept. */
const keyOf = (row: Row, { key }: StreamDefinition): string =>
  JSON.stringify([row.tenantId, row[key] ?? null])

/** How many events are gone. */
export async function compact(input: CompactionInput): Promise<number> {
  const { partition, stream } = input
  const closed = partition.segments.closed()
  const newest = await findNewest(partition, stream)
  let gone = 0
  for (const segment of closed) {
    const kept = [...newest.values()].filter(
      (offset) => offset >= segment.firstOffset && offset < segment.endOffset,
    )
    const loses = segment.events - kept.length
    if (loses === 0 || loses < segment.events * WORTH) continue
    await rewrite(input, segment, new Set(kept))
    gone += loses
  }
  if (gone > 0) partition.forgetTail()
  return gone
}

async function findNewest(
  partition: Partition,
  stream: StreamDefinition,
): Promise<ReadonlyMap<string, number>> {
  const newest = new Map<string, number>()
  for (let offset = 0; ; ) {
    const block = await partition.blockFrom(offset)
    if (block === null) return newest
    for (const row of decodeRows<Row>(block.bytes)) newest.set(keyOf(row, stream), row.logOffset)
    offset = block.lastOffset + 1
  }
}

async function rewrite(
  { dir, number, partition, columns, logId }: CompactionInput,
  segment: Segment,
  kept: ReadonlySet<number>,
): Promise<void> {
  const compacted = segment.compacted + 1
  const name = nameOf(segment.firstOffset, compacted)
  const old = path.join(dir, segment.name)
  const frames: Frame[] = []
  let bytes = 0
  await writeWholeFile(path.join(dir, name), async (draft) => {
    for (const frame of partition.segments.framesOf(segment)) {
      const block = required(await readBlock(old, frame), `a block of ${old}`)
      const rows = decodeRows<Row>(block.bytes)
      const left = rows.filter((row) => kept.has(row.logOffset))
      const [first, last] = [left[0], left.at(-1)]
      if (first === undefined || last === undefined) continue
      const offsets = left.map((row) => row.logOffset)
      const written =
        left.length === rows.length ? block.bytes : encodeBlock(columns, left, number, offsets, logId)
      await writeWhole(draft, encodeHeader(written, first.logOffset, left.length), written)
      frames.push({
        position: bytes,
        firstOffset: first.logOffset,
        lastOffset: last.logOffset,
        count: left.length,
        blockBytes: written.length,
      })
      bytes += HEADER_BYTES + written.length
    }
  })
  await partition.segments.replace(segment, { name, compacted, bytes, events: kept.size }, frames)
}
