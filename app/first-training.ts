/** The first model of a fresh platform: trained when the history is there, promoted only when every gate is open. */
import type { StatusBoard } from '#app/status.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { passesAll } from '#models/gates.ts'
import { type LearnPorts, trainModel } from '#models/learn.ts'

/** Tried in this order: where NCF is surely below EASE, EASE is what viewers should get. */
const KINDS = ['ncf', 'ease'] as const

export async function trainFirstModel(options: {
  readonly tenantId: string
  readonly ports: LearnPorts
  readonly board: StatusBoard
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<void> {
  const { tenantId, ports, board, log, signal } = options
  if ((await ports.registry.list(tenantId)).length > 0) return
  const work = board.begin('training', 'Learning what viewers like')
  try {
    for (const kind of KINDS) {
      const model = await trainModel(
        {
          tenantId,
          model: kind,
          signal,
          onProgress: ({ step, progress, epoch }) =>
            work.update(progress, epoch === undefined ? step : `${step}, epoch ${epoch}`),
        },
        ports,
      )
      if (!passesAll(model.gates ?? [])) continue
      await ports.registry.promote(tenantId, model.id, 'first training')
      work.done(`${model.id} is before viewers`)
      return
    }
    work.done('not surely better; popularity stays')
  } catch (error) {
    if (signal.aborted) return
    log.error({ err: error }, 'the first training failed')
    work.fail(error instanceof Refusal ? error.message : 'it failed; the log says why')
  }
}
