/** Starts the demo world on a running platform: seeding, clips and the first training, each shown on the board. */
import { once } from 'node:events'
import { trainFirstModel } from '#app/first-training.ts'
import type { StatusBoard } from '#app/status.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import type { Log } from '#base/log.ts'
import { connectDemo, type DemoParts, ensureNeighbour } from '#demo/connect.ts'
import { openDemo } from '#demo/open.ts'
import type { LearnPorts } from '#models/learn.ts'

export async function openDemoWorld(options: {
  readonly parts: Omit<DemoParts, 'onProgress' | 'onFailed'>
  /** Resolves when everything said so far is in the figures. */
  readonly settled: () => Promise<void>
  readonly learn: LearnPorts
  readonly board: StatusBoard
  readonly log: Log
}): Promise<{ close(): Promise<void> }> {
  const { settled, learn, board, log } = options
  const abort = new AbortController()
  const works = {
    history: board.begin('history', 'Four weeks of viewers'),
    clips: board.begin('clips', 'Making clips playable'),
  }
  const parts: DemoParts = {
    ...options.parts,
    onProgress: (work, progress, detail) =>
      progress >= 1 ? works[work].done(detail) : works[work].update(progress, detail),
    onFailed: (work, detail) => works[work].fail(detail),
  }
  const ports = await connectDemo({ id: DEMO_TENANT, name: 'StreamVerse' }, parts)
  const demo = await openDemo(ports)
  await ensureNeighbour({ id: 'other', name: 'Next door' }, parts)
  const aborted = once(abort.signal, 'abort')
  const train = async (): Promise<void> => {
    try {
      await Promise.race([settled(), aborted])
      abort.signal.throwIfAborted()
      await trainFirstModel({ tenantId: DEMO_TENANT, ports: learn, board, log, signal: abort.signal })
    } catch (error) {
      if (abort.signal.aborted) return
      log.error({ err: error }, 'the first training could not begin')
      board
        .begin('training', 'Learning what viewers like')
        .fail('The log says why; the next start tries again.')
    }
  }
  // A history that failed has been shown and logged where it did; there is then nothing to learn from.
  const learning = demo.seeded.then(train, () => undefined)
  return {
    close: async () => {
      abort.abort()
      await demo.close()
      await learning
    },
  }
}
