/** The whole platform in one process: every part opened in order, each on the ports it asked for, closed in reverse. */
import path from 'node:path'
import type { Caller } from '#api/ports.ts'
import { registerApi } from '#api/server.ts'
import { createApiPorts } from '#app/api-ports.ts'
import type { Config } from '#app/config.ts'
import { openDemoWorld } from '#app/demo-world.ts'
import { createHttp } from '#app/http.ts'
import { readingsOf } from '#app/readings.ts'
import { createRemembered } from '#app/remembered.ts'
import { createStatusBoard } from '#app/status.ts'
import { prepareStudio, readTrustedDocuments, registerStudio } from '#app/studio.ts'
import { createTelemetry } from '#app/telemetry.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import { createTitles } from '#app/titles.ts'
import { systemClock } from '#base/clock.ts'
import { createClosing } from '#base/closing.ts'
import type { Log } from '#base/log.ts'
import { drawPoster } from '#demo/artwork.ts'
import { openCatalog } from '#domains/catalog/index.ts'
import { openIdentity, readSecret } from '#domains/identity/index.ts'
import { openTenancy } from '#domains/tenancy/index.ts'
import { streams } from '#events/registry.ts'
import { coWatched } from '#features/co-watch.ts'
import { titlePopularity } from '#features/title-popularity.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { openRegistry } from '#models/registry.ts'
import { createCollector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import { openFeatureSink } from '#pipelines/feature-sink.ts'
import { openViews, type Views } from '#pipelines/views.ts'
import { openWarehouseSink } from '#pipelines/warehouse-sink.ts'
import { openPlayback } from '#playback/playback.ts'
import { registerPlayback } from '#playback/routes.ts'
import { openServing } from '#serving/recommend.ts'
import { openStorage } from '#storage/open.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

export type Platform = { readonly url: string; close(): Promise<void> }

const SESSION = /(?:^|;\s*)sv_session=([^;]+)/
const visitor: Caller = {
  tenantId: DEMO_TENANT,
  person: null,
  roles: [],
  viewerKey: null,
  kids: false,
  creatorId: null,
}

export async function openPlatform(
  config: Config,
  log: Log,
  environment: NodeJS.ProcessEnv,
): Promise<Platform> {
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed'))
  try {
    return await openParts(config, log, environment, closing)
  } catch (error) {
    await closing.close()
    throw error
  }
}

async function openParts(
  config: Config,
  log: Log,
  environment: NodeJS.ProcessEnv,
  closing: ReturnType<typeof createClosing>,
): Promise<Platform> {
  const clock = systemClock
  const board = createStatusBoard(clock)
  let notReady: string | null = 'starting'
  let studioBuilt = false
  const studio = prepareStudio(log).then((built) => {
    studioBuilt = built
  })

  // Stores
  const storage = await openStorage({
    dataDir: config.dataDir,
    urls: config.urls,
    clock,
    log,
    role: 'platform',
  })
  closing.add('storage', () => storage.close())
  const { eventLog, warehouse, online, records, media } = storage
  await ensureStreamTables(warehouse)

  // Who there is
  const tenancy = await openTenancy({ records, clock })
  const secret = readSecret(path.join(config.dataDir, 'secret'))
  const identity = await openIdentity({ records, clock, secret })
  await tenancy.ensure({ id: DEMO_TENANT, name: 'StreamVerse' })

  // From what happened to what is known
  const collector = createCollector({
    eventLog,
    readGrant: identity.readGrant,
    findTenantByWriteKey: (key) => tenancy.findByWriteKey(key),
    clock,
    log,
  })
  // Titles and their video; the encoder is being tried out while the rest opens
  const catalog = await openCatalog({ records, clock, say: (events) => collector.say(events), log })
  closing.add('catalog', () => catalog.close())
  const openingPlayback = openPlayback({
    records,
    media,
    say: (events) => collector.say(events),
    clock,
    log,
    dataDir: config.dataDir,
    catalog,
    ffmpegPath: config.ffmpegPath,
    environment,
    limits: { maxUploadBytes: config.maxUploadBytes, concurrentJobs: config.transcodeJobs },
  })
  closing.add('playback', async () => (await openingPlayback).close())

  const touched: { views?: Views } = {}
  const sink = await openWarehouseSink({
    eventLog,
    warehouse,
    streams,
    onInserted: (_stream, batch) => touched.views?.touched(batch),
    clock,
    log,
  })
  const views = await openViews({ warehouse, clock, log, sinkCaughtUpTo: () => sink.caughtUpTo() })
  touched.views = views
  closing.add('views', () => views.close())
  closing.add('warehouse sink', () => sink.close())
  const { watermarkAt } = views

  const playback = await openingPlayback
  const titles = createTitles(catalog, playback, clock)
  const featureSink = openFeatureSink({
    eventLog,
    online,
    durationOf: async (tenantId, titleId) => (await titles.one(tenantId, titleId))?.durationMs ?? null,
    log,
  })
  closing.add('feature sink', () => featureSink.close())

  // Learning and serving
  const registry = await openRegistry({ records, media, clock, say: (events) => collector.say(events) })
  closing.add('registry', () => registry.close())
  const serving = openServing({
    online,
    registry,
    clock,
    log,
    listTitles: (tenantId) => catalog.published(tenantId),
    onTitlesChanged: (heard) => catalog.onChange(heard),
    popularity: (tenantId) => warehouse.query(titlePopularity({ tenantId, now: clock.now() })),
    coWatched: (tenantId) => warehouse.query(coWatched({ tenantId, now: clock.now() })),
    say: (events) => collector.say(events),
  })
  closing.add('serving', () => serving.close())
  const analytics = createAnalytics({ warehouse, clock, watermarkAt })

  // Over HTTP
  const eventsStored = async (): Promise<number> => {
    const ends = await Promise.all(streams.map((stream) => eventLog.ends(stream)))
    return ends.flat().reduce((sum, end) => sum + end, 0)
  }
  const telemetry = createTelemetry(readingsOf({ collector, sink, watermarkAt, clock, eventsStored }))
  const app = createHttp({ log, notReady: () => notReady, metrics: () => telemetry.text() })
  const ports = createApiPorts({
    clock,
    tenancy,
    identity,
    catalog,
    titles,
    playback,
    collector,
    featureSink,
    online,
    serving,
    analytics,
    registry,
    board,
    eventsStored,
  })
  const callers = createRemembered({ load: (token) => identity.readSession(token), clock, forMs: 5000 })
  await registerApi(app, {
    ports,
    callerOf: async (cookie) => {
      const token = SESSION.exec(cookie ?? '')?.[1]
      return (token === undefined ? null : await callers.get(token)) ?? visitor
    },
    documents: readTrustedDocuments(),
    log,
  })
  registerCollector(app, collector)
  registerPlayback(app, playback)
  app.get<{ Params: { tenantId: string; name: string } }>('/art/:tenantId/:name', async (request, reply) => {
    const { tenantId, name } = request.params
    const title = await titles.one(tenantId, name.replace(/\.svg$/, ''))
    if (title === null) return reply.status(404).send({ error: 'Nothing is here.' })
    return reply.type('image/svg+xml').header('cache-control', 'public, max-age=60').send(drawPoster(title))
  })
  await registerStudio(app, () => studioBuilt)
  closing.add('http', () => app.close())

  await serving.warm(DEMO_TENANT)
  const url = await app.listen({ host: config.host, port: config.port })
  await studio
  notReady = null

  if (!config.empty) {
    const world = await openDemoWorld({
      parts: {
        records,
        media,
        tenancy,
        identity,
        catalog,
        playback,
        clock,
        log,
        collect: (input) => collector.collect(input),
      },
      settled: async () => {
        await sink.caughtUp()
        await views.caughtUp()
      },
      learn: { warehouse, registry },
      board,
      log,
    })
    closing.add('demo world', () => world.close())
  }
  closing.add('readiness', () => {
    notReady = 'stopping'
  })
  return { url, close: () => closing.close() }
}
