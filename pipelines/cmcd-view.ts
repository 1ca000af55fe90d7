/**
 * What happened in one view that was reported by CMCD: from all its reports, in the order of the player's clock and then
 * of its count, to steps in our words. It follows from the reports as a set: how they came does not matter.
 */
import { createCmcdSession, type HeardReport, hear, type Saying } from '#pipelines/cmcd-session.ts'

export type CmcdStep = Saying & {
  readonly playheadMs: number
  readonly rate: number
  readonly bitrateKbps: number | null
}
export type CmcdView = { readonly steps: readonly CmcdStep[]; readonly intervalMs: number }

const DEFAULT_INTERVAL_MS = 30_000

/** How often the player reports by itself: the time between two timers, as it mostly was. */
function intervalOf(reports: readonly HeardReport[]): number {
  const timers = reports.filter(({ kind }) => kind === 't')
  const gaps = timers
    .slice(1)
    .map(({ ts }, i) => ts - (timers[i]?.ts ?? ts))
    .filter((gap) => gap > 0)
    .sort((a, b) => a - b)
  const median = gaps[(gaps.length - 1) >> 1] ?? DEFAULT_INTERVAL_MS
  return Math.min(120_000, Math.max(250, median))
}

/** The steps of a view from its reports in order; none while nobody asked for it and nothing was seen. */
export function tellView(reports: readonly HeardReport[]): CmcdView {
  const intervalMs = intervalOf(reports)
  const session = createCmcdSession(reports[0]?.ts ?? 0, intervalMs)
  const steps: CmcdStep[] = []
  for (const report of reports) {
    for (const saying of hear(session, report)) {
      const playheadMs = saying.at < report.ts ? 0 : session.playheadMs
      steps.push({ ...saying, playheadMs, rate: session.rate, bitrateKbps: session.bitrateKbps })
    }
  }
  return { steps, intervalMs }
}
