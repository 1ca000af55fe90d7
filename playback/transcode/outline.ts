/** Where a job stands: its plan, what of it is ready, and how far the whole is. */
import { required } from '#base/assert.ts'
import type { Job, Rendition } from '#playback/job.ts'
import { type Plan, planLadder, type Rung } from '#playback/transcode/ladder.ts'

export const rowsOf = (plan: Plan, ready: ReadonlySet<string>, at?: Rung): Rendition[] =>
  [...plan.rungs]
    .sort((a, b) => b.heightPx - a.heightPx)
    .map((rung) => ({
      heightPx: rung.heightPx,
      bitrateKbps: rung.maxKbps,
      state: ready.has(rung.name) ? 'ready' : rung === at ? 'encoding' : 'waiting',
    }))

/** Drawn anew from what was read of the source: the same each time. */
export const planOf = (job: Job): Plan => {
  const probed = required(job.probed, 'what was read of the source')
  return planLadder(probed, required(probed.video, 'the picture'))
}
export const readyOf = (job: Job): Set<string> => new Set(job.tracks.map((track) => track.name))

/** Share of the whole work a rung is: copying costs next to nothing. */
const weight = (rung: Rung): number => rung.widthPx * rung.heightPx * (rung.copied ? 0.05 : 1)
export function progressOf(plan: Plan, ready: ReadonlySet<string>, at?: Rung, done = 0): number {
  const whole = plan.rungs.reduce((sum, rung) => sum + weight(rung), 0)
  const made = plan.rungs.reduce(
    (sum, rung) => sum + (ready.has(rung.name) ? weight(rung) : rung === at ? weight(rung) * done : 0),
    0,
  )
  return Math.min(0.97, 0.03 + 0.94 * (made / whole))
}
