/** What stock players report by CMCD, and the whole way from a report to a view's row: collector, log, warehouse, views. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { PlayGrant } from '#events/grants.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { readCmcd } from '#pipelines/cmcd.ts'
import type { CmcdStep } from '#pipelines/cmcd-view.ts'
import { type Collector, createCollector } from '#pipelines/collect.ts'
import { openFeatureSink } from '#pipelines/feature-sink.ts'
import { reportedViews } from '#pipelines/reported-sql.ts'
import { tellReported } from '#pipelines/reported-views.ts'
import { openViews, type Views } from '#pipelines/views.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

export const NOW = Date.UTC(2026, 5, 1, 12)
export const grant: PlayGrant = {
  kind: 'play',
  tenantId: 'acme',
  playId: 'play-1',
  titleId: 'title-1',
  viewerKey: 'viewer-1',
  kids: false,
  recommendationId: 'slate-1',
  issuedAt: NOW - 60_000,
  expiresAt: NOW + 3_600_000,
}

/** What the stock players sent while a clip was played 3 s, paused, played on, sought and sped up; `ts` from 0. */
export const traces = {
  'hls.js': `
    e=t,sf=h,sid="s",sn=0,ts=0,v=2
    e=ps,sf=h,sid="s",sn=1,sta=d,ts=4,v=2
    br=(1332),e=bc,sf=h,sid="s",sn=2,sta=d,ts=34,v=2
    br=(1332),e=pr,pr=1,sf=h,sid="s",sn=3,sta=d,ts=38,v=2
    br=(1332),e=ps,sf=h,sid="s",sn=4,st=v,sta=s,ts=161,v=2
    bl=(0),br=(1332),e=ps,sf=h,sid="s",sn=5,st=v,sta=p,ts=252,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=6,st=v,sta=p,ts=2000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=7,st=v,sta=a,ts=3267,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=8,st=v,sta=a,ts=4000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=9,st=v,sta=p,ts=4771,v=2
    bl=(54900),br=(1332),e=t,sf=h,sid="s",sn=10,st=v,sta=p,ts=6000,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=11,st=v,sta=k,ts=6281,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=12,st=v,sta=r,ts=6283,v=2
    bl=(54900),br=(1332),e=ps,sf=h,sid="s",sn=13,st=v,sta=p,ts=6359,v=2
    bl=(54900),br=(1332),e=pr,pr=2,sf=h,sid="s",sn=14,st=v,sta=p,ts=7291,v=2
    bl=(54900),br=(1332),e=t,pr=2,sf=h,sid="s",sn=15,st=v,sta=p,ts=8001,v=2`,
  'shaka-player': `
    e=t,sid="s",sn=0,ts=0,v=2
    e=ps,sid="s",sn=1,sta=r,ts=7,v=2
    br=(1332),e=bc,sf=d,sid="s",sn=2,st=v,sta=r,ts=98,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=3,st=v,sta=p,ts=194,v=2
    br=(1332),e=t,msd=188,sf=d,sid="s",sn=4,st=v,sta=p,ts=2000,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=5,st=v,sta=a,ts=3215,v=2
    br=(1332),e=t,sf=d,sid="s",sn=6,st=v,sta=a,ts=4000,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=7,st=v,sta=p,ts=4730,v=2
    br=(1332),e=t,sf=d,sid="s",sn=8,st=v,sta=p,ts=6001,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=9,st=v,sta=k,ts=6239,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=10,st=v,sta=r,ts=6242,v=2
    br=(1332),e=ps,sf=d,sid="s",sn=11,st=v,sta=p,ts=6380,v=2
    br=(1332),e=t,sf=d,sid="s",sn=12,st=v,sta=p,ts=8000,v=2`,
  'dash.js': `
    e=t,sid="s",sn=0,ts=0,v=2
    bl=(0;v 0;a),e=ps,sid="s",sn=1,sta=s,ts=7,v=2
    bl=(0;v 0;a),br=(1332;v),e=ps,msd=3,pb=(1332;v),sf=d,sid="s",sn=2,st=v,sta=r,ts=103,v=2
    bl=(10400;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=3,st=v,sta=p,ts=173,v=2
    e=t,sf=d,sid="s",sn=4,st=v,sta=p,ts=2000,v=2
    bl=(29000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=5,st=v,sta=a,ts=3181,v=2
    e=t,sf=d,sid="s",sn=6,st=v,sta=a,ts=4000,v=2
    bl=(29000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=7,st=v,sta=p,ts=4686,v=2
    e=t,sf=d,sid="s",sn=8,st=v,sta=p,ts=6000,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=9,st=v,sta=k,ts=6200,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=10,st=v,sta=w,ts=6216,v=2
    bl=(17000;v 0;a),br=(1332;v),e=ps,pb=(1332;v),sf=d,sid="s",sn=11,st=v,sta=p,ts=6272,v=2
    e=t,pr=2,sf=d,sid="s",sn=12,st=v,sta=p,ts=8000,v=2`,
}

export const linesOf = (trace: string): string[] =>
  trace
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/ts=(\d+)/, (_, ts: string) => `ts=${NOW + Number(ts)}`))

export type ViewRow = { readonly [column: string]: unknown }

export async function openWholeWay() {
  const root = mkdtempSync(path.join(tmpdir(), 'cmcd-'))
  const clock = createManualClock(NOW + 9000)
  const eventLog = await openSegmentLog({ dir: path.join(root, 'log'), streams, clock, log: silentLog })
  const warehouse = await openChdb({ dir: path.join(root, 'warehouse'), log: silentLog })
  await ensureStreamTables(warehouse, streams)
  const online = openLmdb({ dir: path.join(root, 'online') })
  const features = openFeatureSink({ eventLog, online, durationOf: () => null, log: silentLog })
  const touched: { views?: Views } = {}
  const all = { eventLog, warehouse, streams, clock, log: silentLog }
  const sink = await openWarehouseSink({ ...all, onInserted: (_, batch) => touched.views?.touched(batch) })
  const views = await openViews({
    ...all,
    sinkCaughtUpTo: sink.caughtUpTo,
    onTold: (events) => features.fold(playbackEvents, events),
  })
  touched.views = views

  const newCollector = (): Collector =>
    createCollector({
      eventLog,
      readGrant: async () => grant,
      findTenantByWriteKey: async () => null,
      clock,
      log: silentLog,
    })
  let collector = newCollector()
  const built = async (): Promise<void> => {
    await sink.caughtUp()
    await views.caughtUp()
  }
  return {
    clock,
    online,
    warehouse,
    send: (body: string) =>
      collector.collect({ token: 't', userAgent: 'Mozilla/5.0', body: readCmcd(Buffer.from(body)) }),
    /** What is in memory is lost. */
    restart: () => {
      collector = newCollector()
    },
    built,
    rowOf: async (sid: string): Promise<ViewRow | undefined> => {
      await built()
      const rows = await warehouse.query<ViewRow>({
        sql: 'SELECT * FROM views FINAL WHERE sid = {sid:String}',
        params: { sid },
      })
      return rows[0]
    },
    stepsOf: async (sid: string): Promise<readonly CmcdStep[]> => {
      await built()
      const heard = await warehouse.query(reportedViews([{ tenantId: 'acme', sid }]))
      return heard.flatMap((view) => tellReported(view).steps)
    },
    close: async () => {
      await views.close()
      await sink.close()
      await features.close()
      await online.close()
      await eventLog.close()
      await warehouse.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
