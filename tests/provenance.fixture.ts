/**
 * A little world that is bad to count: ids that break quotes, a neighbour with the same ids, views of bots, of the creator and
 * of staff, events twice, events a day late, stalls, failures, ads, live, thumbnails, and an origin that saw some of it.
 */
import type { Caller } from '#api/ports.ts'
import { callers, openServer, title } from '#api/server.fixture.ts'
import { createManualClock } from '#base/clock.ts'
import { titleUpserted } from '#events/catalog.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import { discoveryEvents } from '#events/discovery.ts'
import { serverEvent, streamColumns } from '#events/registry.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { noteLateViews } from '#pipelines/late-views.ts'
import { beat, begin, NOW, type Step, trace, warehouse } from '#pipelines/views.fixture.ts'
import { insertDeliveries, insertViews, manifest, pieces } from '#pipelines/witnesses.fixture.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'

const DAY_MS = 86_400_000
export const TENANT = `te'n\\ant"\n{to:Int64}\0☃\u202e' OR 1 = 1 --`
export const CREATOR = "ana'; DROP TABLE views; --\\"
export const TITLE = "t1\\'\t`{titleId:String}`\0'"
const OTHER_TITLE = 't2'
const NEIGHBOUR = 'neighbour'

const at = (offset: number, steps: readonly Step[], sid: string, more: object): StoredEvent[] =>
  trace(sid, steps).map((event) => ({
    ...event,
    tenantId: TENANT,
    titleId: TITLE,
    viewerKey: `viewer of ${sid}`,
    createdAt: event.createdAt + offset,
    sentAt: event.sentAt + offset,
    receivedAt: event.receivedAt + offset,
    derivedAt: event.derivedAt + offset,
    ...more,
  }))

const sized = (seconds: number, playhead: number, bitrateKbps: number): Step => [
  seconds,
  'heartbeat.sent',
  'playing',
  playhead,
  {
    intervalMs: 5000,
    bitrateKbps,
    videoWidthPx: 640,
    videoHeightPx: 360,
    playerWidthPx: 1280,
    playerHeightPx: 720,
  },
]
const PLAIN: Step[] = [...begin, sized(5.4, 5, 900), sized(10.4, 10, 2100), sized(13.4, 13, 2100)]
const STALLED: Step[] = [
  ...begin,
  sized(5.4, 5, 700),
  beat(6, 5.5, 'rebuffering'),
  sized(9.1, 5.5, 700),
  beat(12, 8.4, 'seeking'),
  beat(12.7, 3, 'playing'),
  [17, 'view.ended', 'quit', 7.3, { endReason: 'stopped' }],
]
const FAILED: Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [2, 'error.raised', 'failed', 0, { fatal: true, business: false, errorCode: 'E1' }],
]
const LEFT: Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [1.7, 'view.ended', 'quit', 0, { endReason: 'stopped' }],
]
const LIVE: Step[] = [
  ...begin,
  [5.4, 'heartbeat.sent', 'playing', 5, { intervalMs: 5000, liveLatencyMs: 3100 }],
  [10.4, 'heartbeat.sent', 'ad', 5, { intervalMs: 5000 }],
  [14.4, 'heartbeat.sent', 'playing', 5, { intervalMs: 5000, liveLatencyMs: 4100 }],
]

/** What is in the world, as whoever made it knows. */
export const TRUTH = { plain: 18, bots: 3, own: 2, staff: 1, repeatedEvents: 13, late: 2 }

const views = (): StoredEvent[] => {
  const said: StoredEvent[] = []
  const add = (sid: string, hoursAgo: number, steps: readonly Step[], more: object = {}): void => {
    said.push(...at((20 - hoursAgo) * 3_600_000, steps, sid, more))
  }
  for (let i = 0; i < 8; i++) add(`plain-${i}`, 2 + i * 7, i % 3 === 0 ? STALLED : PLAIN)
  for (let i = 0; i < 4; i++) add(`b-${i}`, 3 + i, STALLED, { titleId: OTHER_TITLE })
  add('failed', 4, FAILED)
  add('left', 4.5, LEFT)
  add('live', 5, LIVE)
  add('now', 0.005, PLAIN)
  for (let i = 0; i < 3; i++) add(`bot-${i}`, 6 + i, PLAIN, { bot: true, own: i === 0 })
  for (let i = 0; i < 2; i++) add(`own-${i}`, 9, STALLED, { own: true, staff: true })
  add('staff', 10, PLAIN, { staff: true })
  for (let i = 0; i < 5; i++) add(`before-${i}`, 24 * 8 + i, i % 2 === 0 ? PLAIN : STALLED)
  add('long-ago', 24 * 60, PLAIN, { viewerKey: 'viewer of plain-1' })
  return said
}
/** Of days that were settled when they came. */
const late = (): StoredEvent[] =>
  ['late-0', 'late-1'].flatMap((sid) =>
    at(20 * 3_600_000 - 3 * DAY_MS, PLAIN, sid, { receivedAt: NOW - 60_000 }),
  )

async function insertInto(
  stream: StreamDefinition,
  events: readonly StoredEvent[],
  offset: number,
): Promise<void> {
  await warehouse.insertNative(stream.table, [encodeBlock(streamColumns(stream), events, 0, offset)], {})
}

async function fillCatalog(): Promise<void> {
  const titles = [
    [TENANT, TITLE, CREATOR, 13_000],
    [TENANT, OTHER_TITLE, CREATOR, 60_000],
    [TENANT, 'bens', 'ben', 60_000],
    [NEIGHBOUR, TITLE, CREATOR, 13_000],
  ] as const
  const events = titles.map(([tenantId, titleId, creatorId, durationMs], i) => ({
    ...serverEvent(titleUpserted as never, NOW - 90 * DAY_MS, `title-${i}`, {
      tenantId,
      titleId,
      creatorId,
      durationMs,
      name: titleId,
      description: '',
      genres: [],
      status: 'ready',
      ageRating: 'all',
      publishedAt: NOW,
      simulated: false,
    }),
  }))
  await insertInto(titleUpserted.stream, events, 0)
}

async function showThumbnails(): Promise<void> {
  const events = Array.from({ length: 10 }, (_, i) => ({
    ...serverEvent(
      { type: `discovery.${i < 7 ? 'impression.seen' : 'item.clicked'}`, version: 1 } as never,
      NOW - 7_200_000 - i,
      `seen-${i}`,
      {
        tenantId: i === 6 ? NEIGHBOUR : TENANT,
        titleId: TITLE,
        slateId: 's',
        surface: 'home',
        rowKey: 'for-you',
        position: i,
        experiments: [],
        viewerKey: null,
      },
    ),
  }))
  await insertInto(discoveryEvents, [...events, ...events.slice(0, 3)], 0)
}

export async function fillWorld(): Promise<void> {
  await ensureStreamTables(warehouse)
  await fillCatalog()
  await showThumbnails()
  const said = [...views(), ...late()]
  const twice = said.filter(({ sid }) => sid === 'plain-0' || sid === 'late-0')
  const foreign = said
    .filter(({ sid }) => String(sid).startsWith('plain'))
    .map((event) => ({ ...event, tenantId: NEIGHBOUR }))
  const bens = at(19 * 3_600_000, PLAIN, 'bens', { titleId: 'bens' })
  await insertViews([...said, ...twice, ...foreign, ...foreign, ...bens])
  await warehouse.command(noteLateViews(late().map(({ sid }) => ({ tenantId: TENANT, sid: String(sid) }))))
  const who = { tenantId: 't', titleId: 't' }
  const sent = (name: string | null, hours: number): StoredEvent[] =>
    pieces({ ...who, name, atSeconds: hours * 3600 }, 0, 20)
  const delivered = [
    manifest({ ...who, name: 'first', atSeconds: -90 * 86_400 }),
    ...['plain-0', 'plain-1', 'plain-2', 'blocked'].flatMap((name) => sent(name, 18)),
    ...sent(null, 17),
  ]
  await insertDeliveries(delivered.map((event) => ({ ...event, tenantId: TENANT, titleId: TITLE })))
}

const session = (over: Partial<Caller>): Caller => ({ ...(callers['ana'] as Caller), ...over })

/** The API over the real analytics; `counted` is told of each statement that is asked. */
export async function openApi() {
  Object.assign(callers, {
    hostile: session({ tenantId: TENANT, creatorId: CREATOR }),
    bens: session({ tenantId: TENANT, creatorId: 'ben' }),
    neighbour: session({ tenantId: NEIGHBOUR, creatorId: CREATOR }),
  })
  const analytics = createAnalytics({
    warehouse,
    clock: createManualClock(NOW),
    watermarkAt: () => NOW - 1000,
  })
  const own = (id: string) => title(id, { tenantId: TENANT, creatorId: CREATOR })
  return openServer({
    title: async (tenantId, id) => (tenantId === TENANT && id !== 'bens' ? own(id) : null),
    titlesById: async (_tenantId, ids) => ids.map(own),
    moment: analytics.moment,
    provenance: analytics.provenance,
    figures: analytics.figures,
    figuresBefore: analytics.figuresBefore,
    series: analytics.series,
    topTitles: analytics.topTitles,
    realtime: analytics.realtime,
    retention: (scope, ...rest) => analytics.retention({ ...scope, titleId: scope.titleId ?? '' }, ...rest),
    stalls: analytics.stalls,
    concurrency: analytics.concurrency,
    audience: analytics.audience,
    witnesses: analytics.witnesses,
  })
}
