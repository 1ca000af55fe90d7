/**
 * A warehouse full of plain views, generated inside the engine: several tenants, creators and titles, a year of history
 * with the last 28 days apart. Ten events a view and the row our rules build of them, said twice in SQL; that both agree
 * is checked with the rules themselves. Everything follows from the number of the view.
 */
import assert from 'node:assert/strict'
import { playbackEvents } from '#events/playback.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureViewTables, VIEWS_VERSION } from '#pipelines/views-table.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { sql, type Warehouse } from '#storage/warehouse/warehouse.ts'

export const EVENTS_A_VIEW = 10
export const TENANT = 'tenant-0'
export const CREATOR = 'creator-0'
/** The most watched title of that creator. */
export const TITLE = 'title-0'
export const DAY_MS = 86_400_000
const TITLES = 1000
const CREATORS = 50
const VIEWERS = 20_000
/** One view of so many is of a player that makes its ids of chance alone. */
const FOREIGN = 50
/** A view is never longer. */
const LONGEST_MS = 600_000
/** Views of one statement. */
const CHUNK = 100_000
const LONG = { timeoutMs: 600_000 }

/** Views numbered from `first`, begun evenly between two instants; `open` ones go on. */
export type Stretch = {
  readonly first: number
  readonly views: number
  readonly from: number
  readonly to: number
  readonly open: boolean
}

/** An id as players make them: time first, twelve hex digits of it. */
const idOf = (ms: string, hash: string): string =>
  `lower(concat(substring(hex(toUInt64(${ms})), 1, 8), '-', substring(hex(toUInt64(${ms})), 9, 4), '-7',
    substring(hex(${hash}), 1, 3), '-8', substring(hex(${hash}), 4, 3), '-', substring(hex(${hash}), 5, 12)))`

/** One row a view: who, what, when, and how long each part of it took. `w`: waiting, or playing on for half an interval. */
const plans = ({ first, views, from, to }: Stretch): string => sql`
  SELECT number AS n, sipHash64(n) AS h, sipHash64(n, 'more') AS g,
    toInt64(${String(from)} + intDiv((n - ${String(first)}) * toInt64(${String(to - from)}), ${String(views)})) AS base,
    concat('tenant-', toString(multiIf(h % 10 < 6, 0, h % 10 < 9, 1, 2))) AS tenantId,
    concat('title-', toString(toUInt32(${String(TITLES)} * pow((g % 1000000) / 1000000, 3)))) AS titleId,
    if(n % ${String(FOREIGN)} = 0, toString(reinterpretAsUUID(toFixedString(concat(reinterpretAsString(h), 'foreign!'), 16))),
      ${idOf('base', 'h')}) AS sid, ${idOf('base', 'g')} AS playerId,
    if(n % 10 = 0, NULL, concat('viewer-', toString(intDiv(h, 16) % ${String(VIEWERS)}))) AS viewerKey,
    toInt64(10000 * (1 + intDiv(g, 64) % 6)) AS interval,
    toInt64(200 + intDiv(h, 1024) % 2800) AS startup,
    intDiv(g, 1024) % 5 = 0 AS stalls,
    if(stalls, toInt64(500 + intDiv(h, 4096) % 4000), intDiv(interval, 2)) AS w,
    startup + intDiv(interval * 5, 2) AS halfAt,
    intDiv(interval * 5, 2) + toInt64(intDiv(g, 4096) % 9000) AS rest,
    intDiv(interval * 5, 2) + if(stalls, 0, w) AS goesOnMs,
    intDiv(h, 65536) % 3 = 0 AS completes
  FROM numbers(${String(first)}, ${String(views)})`

const at = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
const insert = (table: string, values: Readonly<Record<string, string>>, from: string): string =>
  sql`INSERT INTO ${table} (${Object.keys(values).join(', ')})
    SETTINGS max_block_size = 20000, min_insert_block_size_rows = 500000, max_threads = 2
    SELECT ${Object.entries(values)
      .map(([name, value]) => `${value} AS ${name}_`)
      .join(', ')} FROM (${from})`

/** Requested, started, two reports, a wait or a report, playing again, three reports, ended. Open views stop at the fourth. */
const events = (stretch: Stretch): string => {
  const count = stretch.open ? 4 : EVENTS_A_VIEW
  const pick = (list: string): string => `[${list}][seq + 1]`
  const report = (type: string): string => `'playback.${type}'`
  const beat = report('heartbeat.sent')
  const turn = `if(stalls, ${report('state.changed')}, ${beat})`
  const types = [report('view.requested'), report('view.started'), beat, beat, turn, turn, beat, beat, beat]
  const isBeat = "type = 'playback.heartbeat.sent'"
  const places = 'interval, interval * 2, intDiv(interval * 5, 2)'
  const again = `goesOnMs, goesOnMs + interval, goesOnMs + interval * 2, goesOnMs + intDiv(interval * 5, 2), goesOnMs + rest`
  const again5 = 'halfAt + w'
  const times = `0, startup, startup + interval, startup + interval * 2, halfAt, ${again5}, ${again5} + interval,
    ${again5} + interval * 2, ${again5} + intDiv(interval * 5, 2), ${again5} + rest`
  const states = `'joining', 'playing', 'playing', 'playing', if(stalls, 'rebuffering', 'playing'), 'playing', 'playing',
    'playing', 'playing', 'ended'`
  const steps = sql`SELECT *, toUInt32(arrayJoin(range(${String(count)}))) AS seq,
      ${pick([...types, report('view.ended')].join(', '))} AS type,
      base + ${pick(times)} AS at FROM (${plans(stretch)})`
  const values = {
    eventId: idOf('at', 'sipHash64(n, seq)'),
    type: 'type',
    version: '1',
    tenantId: 'tenantId',
    createdAt: at('at'),
    sentAt: at('at + 100'),
    receivedAt: at('at + 150'),
    derivedAt: at('at'),
    sourceFormat: "'native'",
    sid: 'sid',
    playerId: 'playerId',
    seq: 'seq',
    viewerKey: 'viewerKey',
    titleId: 'titleId',
    state: pick(states),
    playheadMs: pick(`0, 0, ${places}, ${again}`),
    rate: '1',
    visible: 'true',
    deviceKind: "['desktop', 'phone', 'tv'][n % 3 + 1]",
    playerName: "'streamverse'",
    playerVersion: "'0.1.0'",
    surface: "'watch'",
    bitrateKbps: '2400',
    videoHeightPx: '720',
    bufferMs: '18000 + h % 4001',
    bot: 'false',
    kids: 'false',
    intent: `if(seq = 0, 'click', NULL)`,
    startupMs: 'if(seq = 1, startup, NULL)',
    intervalMs: `if(${isBeat}, interval, NULL)`,
    endReason: `if(seq = 9, if(completes, 'completed', 'stopped'), NULL)`,
    logId: "'bench'",
    logPartition: `n % ${playbackEvents.partitions}`,
    logOffset: `n * ${EVENTS_A_VIEW} + seq`,
  }
  return insert(playbackEvents.table, values, steps)
}

/** The rows our rules build of them; `early` ones of some views as they were built before their last events came. */
const rows = (stretch: Stretch, isEarly: boolean): string => {
  const { open } = stretch
  const playing = open ? 'interval * 2' : `intDiv(interval * 5, 2) + if(stalls, 0, w) + rest`
  const stalled = open ? '0' : 'if(stalls, w, 0)'
  const lasts = open ? 'startup + interval * 2' : 'halfAt + w + rest'
  const content = open ? 'interval * 2' : 'goesOnMs + rest'
  const values = {
    tenantId: 'tenantId',
    sid: 'sid',
    playerId: 'playerId',
    titleId: 'titleId',
    viewerKey: 'viewerKey',
    startedAt: at('base'),
    firstFrameAt: at('base + startup'),
    endedAt: at(`base + ${lasts}`),
    endReason: open || isEarly ? "'open'" : "if(completes, 'completed', 'stopped')",
    lastState: open || isEarly ? "'playing'" : "'ended'",
    intervalMs: 'interval',
    isPlay: 'true',
    startupMs: 'startup',
    contentStartupMs: 'startup',
    watchMs: `${playing} + ${stalled}`,
    playingMs: playing,
    visibleMs: `${playing} + ${stalled}`,
    rebufferMs: stalled,
    rebufferCount: open ? '0' : 'stalls',
    contentMs: content,
    watchedFrom: '[0]',
    watchedTo: `[${content}]`,
    playedFrom: '[0]',
    playedTo: `[${content}]`,
    stallAtMs: open ? '[]' : 'if(stalls, [intDiv(interval * 5, 2)], [])',
    stallMs: open ? '[]' : 'if(stalls, [w], [])',
    stallHeightPx: open ? '[]' : 'if(stalls, [720], [])',
    bitrateKbps: '2400',
    bitrateTime: `2400 * (${playing})`,
    bitrateMs: playing,
    videoHeightPx: '720',
    deviceKind: "['desktop', 'phone', 'tv'][n % 3 + 1]",
    playerName: "'streamverse'",
    surface: "'watch'",
    activeFrom: '[base]',
    activeTo: `[base + ${lasts}]`,
    eventCount: open ? '4' : isEarly ? '5' : String(EVENTS_A_VIEW),
    builtBy: String(VIEWS_VERSION),
    revision: `toUInt64(${VIEWS_VERSION}) * 1099511627776 + ${open ? 4 : isEarly ? 5 : EVENTS_A_VIEW}`,
  }
  return insert('views', values, `${plans(stretch)}${isEarly ? ' WHERE n % 10 = 3' : ''}`)
}

/** One thumbnail seen for each view, and every tenth clicked. */
const impressions = (stretch: Stretch): string =>
  insert(
    'discovery_events',
    {
      eventId: idOf('base', 'sipHash64(n, 7)'),
      type: "if(n % 11 = 0, 'discovery.item.clicked', 'discovery.impression.seen')",
      version: '1',
      tenantId: 'tenantId',
      createdAt: at('base'),
      sentAt: at('base'),
      receivedAt: at('base'),
      derivedAt: at('base'),
      sourceFormat: "'native'",
      viewerKey: 'viewerKey',
      slateId: idOf('base', 'sipHash64(intDiv(n, 8))'),
      surface: "'home'",
      titleId: 'titleId',
      rowKey: "'for-you'",
      position: 'n % 8',
      logId: "'bench'",
      logOffset: 'n',
    },
    plans(stretch),
  )

export async function ensureTables(warehouse: Warehouse, now: number): Promise<void> {
  await ensureStreamTables(warehouse)
  await ensureViewTables(warehouse)
  const begun = at(String(now - 400 * DAY_MS))
  await warehouse.command({
    sql: insert(
      'catalog_events',
      {
        eventId: "concat('title-event-', toString(number))",
        type: "'catalog.title.upserted'",
        version: '1',
        tenantId: `concat('tenant-', toString(intDiv(number, ${TITLES})))`,
        createdAt: begun,
        sentAt: begun,
        receivedAt: begun,
        derivedAt: begun,
        sourceFormat: "'native'",
        titleId: `concat('title-', toString(number % ${TITLES}))`,
        name: "'A title'",
        creatorId: `concat('creator-', toString(number % ${CREATORS}))`,
        status: "'ready'",
        durationMs: '340000 + number % 60000',
        logOffset: 'number',
      },
      sql`SELECT number FROM numbers(${String(3 * TITLES)})`,
    ),
  })
}

export async function fill(warehouse: Warehouse, stretch: Stretch): Promise<void> {
  const { first, views, from, to, open } = stretch
  const stepMs = (to - from) / views
  for (let done = 0; done < views; done += CHUNK) {
    const size = Math.min(CHUNK, views - done)
    const begin = Math.floor(from + done * stepMs)
    const part = {
      first: first + done,
      views: size,
      from: begin,
      to: Math.floor(begin + size * stepMs),
      open,
    }
    await warehouse.command({ sql: events(part) }, LONG)
    await warehouse.command({ sql: rows(part, true) }, LONG)
    await warehouse.command({ sql: rows(part, false) }, LONG)
    await warehouse.command({ sql: impressions(part) }, LONG)
  }
}

/** The 28 days before `now`: some views going on, the others over. */
export async function fillRecent(warehouse: Warehouse, now: number, views: number, first: number) {
  const open = Math.min(300, Math.floor(views / 10))
  const from = now - 28 * DAY_MS
  await fill(warehouse, { first, views: views - open, from, to: now - LONGEST_MS, open: false })
  const openFrom = now - 130_000
  await fill(warehouse, {
    first: first + views - open,
    views: open,
    from: openFrom,
    to: now - 124_000,
    open: true,
  })
}

/** Everything before, back to a year. */
export const fillHistory = (warehouse: Warehouse, now: number, views: number, first: number) =>
  fill(warehouse, { first, views, from: now - 364 * DAY_MS, to: now - 28 * DAY_MS - LONGEST_MS, open: false })

/** Background work of the engine would be measured as cost of questions. */
export async function quiet(warehouse: Warehouse, limitMs = 120_000): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += 500) {
    const [row] = await warehouse.query<{ n: number }>({ sql: sql`SELECT count() AS n FROM system.merges` })
    if (row?.n === 0) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Builds some of the views by the rules and compares them with what was generated. Returns how many. */
export async function checkSample(warehouse: Warehouse, now: number): Promise<number> {
  const keys = await warehouse.query<{ tenantId: string; sid: string }>({
    sql: sql`SELECT tenantId, sid FROM views FINAL ORDER BY endReason != 'open', sipHash64(sid) LIMIT 600`,
  })
  const read = () =>
    warehouse.query({
      sql: sql`SELECT * FROM views FINAL WHERE (tenantId, sid) IN (
        SELECT arrayJoin(arrayZip({tenants:Array(String)}, {sids:Array(String)}))) ORDER BY tenantId, sid, playerId`,
      params: { tenants: keys.map((key) => key.tenantId), sids: keys.map((key) => key.sid) },
    })
  const generated = await read()
  await warehouse.command(rebuildViews(keys, now), LONG)
  assert.deepEqual(await read(), generated)
  return keys.length
}
