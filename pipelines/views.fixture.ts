/** A warehouse with the tables of views, traces of what players said, and the rows built from them, for tests. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before } from 'node:test'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { playbackEvents } from '#events/playback.ts'
import { findEvent, problemWith, streamColumns } from '#events/registry.ts'
import { rebuildViews } from '#pipelines/views-sql.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import { encodeBlock } from '#storage/warehouse/native.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const root = mkdtempSync(path.join(tmpdir(), 'views-'))
export const NOW = Math.floor(Date.now() / 1000) * 1000
export const START = NOW - 20 * 3_600_000
export let warehouse: Warehouse
let offset = 0
before(async () => {
  warehouse = await openChdb({ dir: root, log: silentLog })
  await ensureStreamTables(warehouse, [playbackEvents])
  await ensureViewTables(warehouse)
})
after(async () => {
  await warehouse.close()
  rmSync(root, { recursive: true, force: true })
})

/** A step of a trace: seconds since the intent, what happened, the state after it, the playhead in seconds. */
export type Step = readonly [at: number, type: string, state: string, playhead: number, more?: object]

export function trace(sid: string, steps: readonly Step[]): StoredEvent[] {
  return steps.map(([at, type, state, playhead, more], seq) => {
    const createdAt = START + Math.round(at * 1000)
    const event: StoredEvent = {
      eventId: `${sid}-${seq}`,
      type: `playback.${type}`,
      version: 1,
      tenantId: 'demo',
      createdAt,
      sentAt: createdAt,
      receivedAt: createdAt + 100,
      derivedAt: createdAt,
      sourceFormat: 'native',
      sid,
      playerId: 'p',
      seq,
      viewerKey: 'v',
      titleId: 't',
      state,
      playheadMs: Math.round(playhead * 1000),
      rate: 1,
      visible: true,
      deviceKind: 'desktop',
      playerName: 'n',
      playerVersion: '1',
      surface: 'watch',
      experiments: [],
      bot: false,
      kids: false,
      ...more,
    }
    const definition = findEvent(event.type, 1)
    assert.ok(definition)
    assert.equal(problemWith(definition, event), null)
    return event
  })
}

export async function insert(events: readonly StoredEvent[]): Promise<void> {
  const block = encodeBlock(streamColumns(playbackEvents), events, 0, offset)
  offset += events.length
  await warehouse.insertNative('playback_events', [block], {})
}
export type ViewRow = { [column: string]: unknown }
export async function viewOf(sid: string): Promise<ViewRow> {
  const rows = await warehouse.query<ViewRow>({
    sql: 'SELECT * FROM views FINAL WHERE sid = {sid:String}',
    params: { sid },
  })
  assert.equal(rows.length, 1)
  return rows[0] as ViewRow
}
export async function build(sid: string, steps: readonly Step[], now = NOW): Promise<ViewRow> {
  await insert(trace(sid, steps))
  await warehouse.command(rebuildViews([{ tenantId: 'demo', sid }], now))
  return viewOf(sid)
}
export const pick = (row: ViewRow, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name]]))

export const begin: Step[] = [
  [0, 'view.requested', 'joining', 0, { intent: 'click' }],
  [0.4, 'view.started', 'playing', 0],
]
export const beat = (at: number, playhead: number, state = 'playing'): Step => [
  at,
  'heartbeat.sent',
  state,
  playhead,
  { intervalMs: 5000 },
]
