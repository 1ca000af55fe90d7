/**
 * Views of other people's players from their CMCD reports: the reports of a view are read together, told in order and
 * built into its row. The row follows from the set of reports, like a view of ours from its events. What was told is
 * also there as events, for those who fold the events of players of ours.
 */
import { Bug } from '#base/assert.ts'
import type { StoredEvent } from '#events/define.ts'
import { SKEW_MS } from '#pipelines/clock-skew.ts'
import { tellView } from '#pipelines/cmcd-view.ts'
import {
  keepTold,
  type ReportedView,
  reportCounts,
  reportedViews,
  type ToldView,
  toldViews,
  type ViewKey,
} from '#pipelines/reported-sql.ts'
import { rebuildToldViews } from '#pipelines/views-sql.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

/** Views asked for in one statement, and reports held at once. */
const ROUND = 1000
const MAX_REPORTS = 20_000

/** One shift for the whole view, the smallest: what was sent late would ask for more. */
export function tellReported(view: ReportedView): ToldView {
  const shiftMs = Math.abs(view.behindMs) > SKEW_MS ? view.behindMs : 0
  const reports = view.heard.map(
    ([createdAt, , , kind, state, rate, playheadMs, startDelayMs, bitrateKbps]) => ({
      ts: createdAt + shiftMs,
      kind,
      state,
      rate,
      playheadMs,
      startDelayMs,
      bitrateKbps,
    }),
  )
  return { ...view, ...tellView(reports) }
}

/** The steps as events a player of ours would have sent. They are never stored. */
export function eventsOfTold(view: ToldView): StoredEvent[] {
  const { tenantId, sid, playerId, titleId, viewerKey, deviceKind, recommendationId, bot, kids } = view
  return view.steps.map((step, seq) => ({
    eventId: `${sid}-${seq}`,
    type: `playback.${step.type}`,
    version: 1,
    tenantId,
    createdAt: step.at,
    sentAt: step.at,
    receivedAt: step.at,
    derivedAt: step.at,
    sourceFormat: 'cmcd2',
    sid,
    playerId,
    seq,
    viewerKey,
    titleId,
    state: step.state,
    playheadMs: step.playheadMs,
    rate: step.rate,
    deviceKind,
    playerName: 'cmcd2',
    surface: 'embed',
    bitrateKbps: step.bitrateKbps,
    recommendationId,
    bot,
    kids,
    intervalMs: view.intervalMs,
  }))
}

/** The views in parts that are read and told together: of bounded reports, whatever a single view brings. */
function partsOf(
  counted: readonly (ViewKey & { readonly reports: number })[],
): readonly (readonly ViewKey[])[] {
  const parts: ViewKey[][] = []
  let held = MAX_REPORTS
  for (const { tenantId, sid, reports } of counted) {
    if (held + reports > MAX_REPORTS) {
      parts.push([])
      held = 0
    }
    parts.at(-1)?.push({ tenantId, sid })
    held += reports
  }
  return parts
}

/** `onTold` hears all events of each view, whenever it is built. */
export async function buildReportedViews(
  { warehouse, onTold }: { warehouse: Warehouse; onTold: (events: readonly StoredEvent[]) => Promise<void> },
  keys: readonly ViewKey[],
  now: number,
): Promise<void> {
  const options = { timeoutMs: 120_000 }
  for (let at = 0; at < keys.length; at += ROUND) {
    const counted = await warehouse.query(reportCounts(keys.slice(at, at + ROUND)), options)
    for (const part of partsOf(counted)) {
      const views = await warehouse.query(reportedViews(part), options)
      const told = views.map(tellReported).filter(({ steps }) => steps.length > 0)
      if (told.length === 0) continue
      await keepTold(warehouse, told)
      await warehouse.command(rebuildToldViews(now), options)
      // A warehouse that was started again in between has forgotten what was told: nothing was built of it.
      const [kept] = await warehouse.query(toldViews, options)
      if (kept?.views !== told.length) throw new Bug('what was told of views is gone; they are built again')
      await keepTold(warehouse, [])
      await onTold(told.flatMap(eventsOfTold))
    }
  }
}
