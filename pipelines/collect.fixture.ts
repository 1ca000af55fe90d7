/** A collector for tests: known tokens, a clock that stands still, and what it stored in memory. */
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import { eventsOf } from '#events/run.ts'
import { type CollectInput, createCollector } from '#pipelines/collect.ts'
import type { CollectorLimits } from '#pipelines/collector-limits.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

export const NOW = Date.UTC(2026, 5, 1, 12)
export const HOUR = 3_600_000
export const UA = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0'
export const play: Grant = {
  kind: 'play',
  tenantId: 'acme',
  playId: 'play-1',
  titleId: 'title-1',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: null,
  issuedAt: NOW - HOUR,
  expiresAt: NOW + HOUR,
}
export const grants: Record<string, Grant> = {
  play,
  kids: { ...play, viewerKey: null, kids: true },
  viewer: {
    kind: 'viewer',
    tenantId: 'acme',
    viewerKey: 'viewer-1',
    issuedAt: NOW - HOUR,
    expiresAt: NOW + HOUR,
  },
  import: { kind: 'import', tenantId: 'acme', issuedAt: NOW - HOUR, expiresAt: NOW + HOUR },
  foreign: { ...play, tenantId: 'other' },
  old: { ...play, issuedAt: NOW - 20 * 24 * HOUR, expiresAt: NOW - 10 * 24 * HOUR },
}
export const common = {
  sid: 'sid-1',
  playerId: 'player-1',
  state: 'playing',
  playheadMs: 1000,
  rate: 1,
  visible: true,
  deviceKind: 'desktop',
  playerName: 'test',
  playerVersion: '1',
  surface: 'watch',
}
export const heartbeat = (eventId: string, more: object = {}) => ({
  type: 'playback.heartbeat.sent',
  eventId,
  createdAt: NOW - 1000,
  seq: 3,
  intervalMs: 10_000,
  ...more,
})
export const impression = (eventId: string, more: object = {}) => ({
  type: 'discovery.impression.seen',
  eventId,
  createdAt: NOW - 1000,
  slateId: 'slate-1',
  surface: 'home',
  titleId: 'title-9',
  rowKey: 'for-you',
  position: 0,
  ...more,
})

export function openCollector(limits: Partial<CollectorLimits> = {}, eventLog?: Pick<EventLog, 'append'>) {
  const stored: StoredEvent[] = []
  const clock = createManualClock(NOW)
  const collector = createCollector({
    eventLog: eventLog ?? {
      append: async (_stream, run) => {
        stored.push(...eventsOf(run))
      },
    },
    readGrant: async (token) => grants[token] ?? null,
    findTenantByWriteKey: async (key) => (key === 'key-acme' ? { id: 'acme' } : null),
    clock,
    log: silentLog,
    limits,
  })
  const send = (events: readonly unknown[], batch: object = {}, input: Partial<CollectInput> = {}) =>
    collector.collect({
      body: Buffer.from(
        JSON.stringify({ writeKey: 'key-acme', token: 'play', sentAt: NOW, common, events, ...batch }),
      ),
      userAgent: UA,
      ...input,
    })
  const of = (type: string): StoredEvent[] => stored.filter((event) => event.type === type)
  return { collector, stored, clock, send, of }
}
export const refusedWith = (code: string) => (error: unknown) => (error as { code?: string }).code === code
