/** Every column of a stream's table: those of its events, then its place in the log. */
import type { StreamDefinition } from '#events/define.ts'
import { streamColumns as eventColumns } from '#events/registry.ts'
import { positionColumns } from '#storage/event-log/event-log.ts'

export { streams } from '#events/registry.ts'

export type Column = { readonly name: string; readonly type: string; readonly description: string }

export const streamColumns = (stream: StreamDefinition): readonly Column[] => [
  ...eventColumns(stream),
  ...positionColumns,
]
