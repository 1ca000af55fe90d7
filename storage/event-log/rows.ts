/** What every driver does with events the same way: which partition they go to, and which columns their blocks have. */
import { type Column, envelope, type StreamDefinition } from '#events/define.ts'
import { streamColumns } from '#events/registry.ts'
import type { EventRun, Fields } from '#events/run.ts'

/**
 * Ids that all events of a stream have are mostly those of their neighbours: a block says each once. The warehouse takes
 * them into its plain columns.
 */
export function logColumns(stream: StreamDefinition): Column[] {
  const ofAll = { ...envelope, ...stream.common }
  return streamColumns(stream).map((column) => {
    const { name, type } = column
    if (name === 'eventId' || !(name in ofAll)) return column
    if (type === 'String') return { ...column, type: 'LowCardinality(String)' }
    return type === 'Nullable(String)' ? { ...column, type: 'LowCardinality(Nullable(String))' } : column
  })
}

export type Part = { readonly partition: number; readonly run: EventRun }

/** Events of one key go to one partition, the one that `place` says, in the order given. */
export function split(
  run: EventRun,
  { key, partitions }: Pick<StreamDefinition, 'key' | 'partitions'>,
  place: (key: string, partitions: number) => number,
): Part[] {
  if (partitions === 1) return [{ partition: 0, run }]
  const shared = run.shared[key]
  if (typeof shared === 'string' && run.said?.has(key) === false)
    return [{ partition: place(shared, partitions), run }]
  const parts = new Map<number, Fields[]>()
  for (const own of run.own) {
    const value = own[key] === undefined ? shared : own[key]
    const partition = place(typeof value === 'string' ? value : String(own['eventId']), partitions)
    const part = parts.get(partition)
    if (part === undefined) parts.set(partition, [own])
    else part.push(own)
  }
  return [...parts].map(([partition, own]) => ({ partition, run: { ...run, own } }))
}
