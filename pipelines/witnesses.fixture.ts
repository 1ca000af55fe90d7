/** What the origin delivered and what players said, for tests of the two witnesses: whole views and the pieces sent to them. */
import { required } from '#base/assert.ts'
import type { StoredEvent } from '#events/define.ts'
import { deliveryEvents, manifestServed, segmentServed } from '#events/delivery.ts'
import { problemWith, serverEvent, streamColumns } from '#events/registry.ts'
import { type ReconciledView, reconciledViews } from '#metrics/witness-sql.ts'
import { readWitnesses, type Witnesses } from '#metrics/witnesses.ts'
import { buildReportedViews } from '#pipelines/reported-views.ts'
import { insert, NOW, START, type Step, trace, warehouse } from '#pipelines/views.fixture.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'

let tables: Promise<void> | undefined
/** Once, when the warehouse of the views' tests is open. */
const ready = (): Promise<void> => (tables ??= ensureStreamTables(warehouse))

export const PIECE_SECONDS = 10
let count = 0

/** Whose it is; `name`: what the player calls itself to the origin. */
export type Who = {
  readonly tenantId: string
  readonly titleId: string
  readonly name: string | null
  /** Since the beginning of the test's time. */
  readonly atSeconds: number
  readonly viewerKey?: string | null
  readonly more?: object
}

/** Pieces of video of the content's seconds `from` to `to`, fetched one after another. */
export function pieces({ tenantId, titleId, name, atSeconds, more }: Who, from: number, to: number) {
  const events: StoredEvent[] = []
  for (let at = from; at < to; at += PIECE_SECONDS) {
    const event = serverEvent(
      segmentServed as never,
      START + Math.round((atSeconds + (at - from) / 2) * 1000),
      `d${count++}`,
      {
        tenantId,
        titleId,
        sid: name,
        bytes: 1000,
        sizeBytes: 1000,
        status: 200,
        durationMs: 4,
        bot: false,
        otherKeys: '',
        track: 'v720',
        mediaKind: 'video',
        heightPx: 720,
        segmentIndex: at / PIECE_SECONDS + 1,
        startMs: at * 1000,
        endMs: (at + PIECE_SECONDS) * 1000,
        whole: true,
        ...more,
      },
    )
    const wrong = problemWith(segmentServed as never, event)
    if (wrong !== null) throw new Error(wrong)
    events.push(event)
  }
  return events
}

export const manifest = ({ tenantId, titleId, name, atSeconds }: Who): StoredEvent =>
  serverEvent(manifestServed as never, START + atSeconds * 1000, `d${count++}`, {
    tenantId,
    titleId,
    sid: name,
    bytes: 900,
    status: 200,
    durationMs: 1,
    bot: false,
    otherKeys: '',
  })

let offset = 0
export async function insertDeliveries(events: readonly StoredEvent[]): Promise<void> {
  await ready()
  const block = encodeBlock(streamColumns(deliveryEvents), events, 0, offset)
  offset += events.length
  await warehouse.insertNative(deliveryEvents.table, [block], {})
}

/** A view from its first second to `seconds`, with a report every `every` seconds. */
export function view(
  sid: string,
  { tenantId, titleId, name, atSeconds, viewerKey = null, more }: Who,
  seconds: number,
  every = 60,
): StoredEvent[] {
  const all = { tenantId, titleId, playerId: name ?? sid, viewerKey, ...more }
  const steps: Step[] = [
    [atSeconds, 'view.requested', 'joining', 0, { ...all, intent: 'click' }],
    [atSeconds, 'view.started', 'playing', 0, all],
  ]
  for (let at = every; at < seconds; at += every) {
    steps.push([atSeconds + at, 'heartbeat.sent', 'playing', at, { ...all, intervalMs: every * 1000 }])
  }
  steps.push([atSeconds + seconds, 'view.ended', 'quit', seconds, { ...all, endReason: 'stopped' }])
  return trace(sid, steps)
}

type Key = { readonly tenantId: string; readonly sid: string }
const keysOf = (events: readonly StoredEvent[]): Key[] => {
  const keys = new Map<string, Key>()
  for (const event of events) {
    const { tenantId, sid } = event as StoredEvent & Key
    keys.set(`${tenantId}/${sid}`, { tenantId, sid })
  }
  return [...keys.values()]
}

/** Stores what players of ours said and builds the views of it. */
export async function insertViews(events: readonly StoredEvent[]): Promise<void> {
  await ready()
  await insert(events)
  await warehouse.command(rebuildViews(keysOf(events), NOW), { timeoutMs: 120_000 })
}
/** The same of what players of others reported. */
export async function insertReported(events: readonly StoredEvent[]): Promise<void> {
  await ready()
  await insert(events)
  await buildReportedViews({ warehouse, onTold: async () => {} }, keysOf(events), NOW)
}

const whole = { from: 0, to: NOW }
type ScopeOf = { readonly tenantId: string; readonly titleId?: string; readonly creatorId?: string }

export const reconcile = (scope: ScopeOf): Promise<ReconciledView[]> =>
  warehouse.query(reconciledViews(scope, whole))

export const witnessesOf = (scope: ScopeOf): Promise<Witnesses> =>
  readWitnesses(async (statement) => required((await warehouse.query(statement))[0], 'a row'), scope, whole)
