/** Starts the demo world on a running platform: seeding, clips and the first training, each shown on the board. */
import { trainFirstModel } from '#app/first-training.ts'
import type { StatusBoard } from '#app/status.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import type { Log } from '#base/log.ts'
import { connectDemo, type DemoParts, ensureNeighbour } from '#demo/connect.ts'
import { openDemo } from '#demo/open.ts'
import type { LearnPorts } from '#models/learn.ts'

export async function openDemoWorld(options: {
  readonly parts: Omit<DemoParts, 'onProgress'>
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
  }
  const ports = await connectDemo({ id: DEMO_TENANT, name: 'StreamVerse' }, parts)
  const demo = await openDemo(ports)
  await ensureNeighbour({ id: 'other', name: 'Next door' }, parts)
  const learning = demo.seeded
    .then(settled)
    .then(() => trainFirstModel({ tenantId: DEMO_TENANT, ports: learn, board, log, signal: abort.signal }))
    .catch((error: unknown) => {
      if (!abort.signal.aborted) log.error({ err: error }, 'the demo world could not be made')
    })
  return {
    close: async () => {
      abort.abort()
      await demo.close()
      await learning
    },
  }
}
