/**
 * The log as the warehouse knows it: its events as rows, and the views they make. Views look at what the warehouse has,
 * then hear of all that comes, so the sink begins after them and ends before.
 */
import type { StreamDefinition } from '#events/define.ts'
import { openViews, type Views, type ViewsPorts } from '#pipelines/views.ts'
import { openWarehouseSink, type WarehouseSink } from '#pipelines/warehouse-sink.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

export type ProjectionPorts = Omit<ViewsPorts, 'sinkCaughtUpTo' | 'gather'> & {
  readonly eventLog: Pick<EventLog, 'identity' | 'consume'>
  readonly streams: readonly StreamDefinition[]
}
export type Projection = {
  readonly sink: WarehouseSink
  readonly views: Views
  /** Resolves when everything appended before the call is in the views. */
  caughtUp(): Promise<void>
  close(): Promise<void>
}

/** Views do not wait longer for a warehouse that is behind. */
const GATHER_MS = 1000

/** The tables of the streams are there. */
export async function openProjection(ports: ProjectionPorts): Promise<Projection> {
  const filling: { sink?: WarehouseSink } = {}
  let gathering: Promise<void> | null = null
  const gather = async (): Promise<void> => {
    gathering ??= (filling.sink?.caughtUp() ?? Promise.resolve()).finally(() => {
      gathering = null
    })
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GATHER_MS)
    })
    await Promise.race([gathering, enough])
    clearTimeout(timer)
  }
  const sinkCaughtUpTo = (): number => filling.sink?.caughtUpTo() ?? 0
  const views = await openViews({ ...ports, sinkCaughtUpTo, gather })
  try {
    const sink = await openWarehouseSink({ ...ports, onInserted: (_stream, batch) => views.touched(batch) })
    filling.sink = sink
    return {
      sink,
      views,
      caughtUp: async () => {
        await sink.caughtUp()
        await views.caughtUp()
      },
      close: async () => {
        await sink.close()
        await views.close()
      },
    }
  } catch (error) {
    await views.close()
    throw error
  }
}
