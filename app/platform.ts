/** The whole platform in one process: every part opened in order, each on the ports it asked for, closed in reverse. */
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { leaveAddress, removeAddress } from '#app/address.ts'
import { createApiPorts } from '#app/api-ports.ts'
import { createCallers } from '#app/callers.ts'
import type { Config } from '#app/config.ts'
import { createCutOffs } from '#app/cut-offs.ts'
import { openDemoWorld } from '#app/demo-world.ts'
import { listeningRefused } from '#app/errors.ts'
import { createKnownReports } from '#app/known-reports.ts'
import { ensureLocalPeople } from '#app/local-people.ts'
import { readingsOf } from '#app/readings.ts'
import { keepPurging } from '#app/removed-titles.ts'
import { openSql } from '#app/sql.ts'
import { createStatusBoard } from '#app/status.ts'
import { startStudio } from '#app/studio.ts'
import { createTelemetry } from '#app/telemetry.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import { createTitles } from '#app/titles.ts'
import { openWeb } from '#app/web.ts'
import { systemClock } from '#base/clock.ts'
import { type Closing, createClosing } from '#base/closing.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { openCatalog } from '#domains/catalog/index.ts'
import { openIdentity, readSecret } from '#domains/identity/index.ts'
import { openTenancy } from '#domains/tenancy/index.ts'
import { ledgerEvents } from '#events/ledger.ts'
import { playbackEvents } from '#events/playback.ts'
import { streams } from '#events/registry.ts'
import { coWatched } from '#features/co-watch.ts'
import { titlePopularity } from '#features/title-popularity.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import { openRegistry } from '#models/registry.ts'
import { watchCanaries } from '#models/watch-canary.ts'
import { isProgram } from '#pipelines/bots.ts'
import { createCollector } from '#pipelines/collect.ts'
import { openFeatureSink } from '#pipelines/feature-sink.ts'
import { dropLeftBehind } from '#pipelines/known-at.ts'
import { createLedger } from '#pipelines/ledger.ts'
import { startLedgerWords } from '#pipelines/ledger-words.ts'
import { createLetters } from '#pipelines/letters.ts'
import { openProjection } from '#pipelines/projection.ts'
import { recallEvents } from '#pipelines/recall-events.ts'
import { openPlayback } from '#playback/playback.ts'
import { openServing } from '#serving/recommend.ts'
import { openStorage } from '#storage/open.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'

export type Platform = { readonly url: string; close(): Promise<void> }

/** When `signal` aborts before all is open, what is open is closed again, in order, and the promise rejects. */
export async function openPlatform(
  config: Config,
  log: Log,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Platform> {
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed'))
  try {
    return await openParts(config, log, environment, closing, signal)
  } catch (error) {
    await closing.close()
    throw error
  }
}

const DAY_MS = 86_400_000

async function openParts(
  config: Config,
  log: Log,
  environment: NodeJS.ProcessEnv,
  closing: Closing,
  signal: AbortSignal,
): Promise<Platform> {
  const clock = systemClock
  const board = createStatusBoard(clock)
  let notReady: string | null = 'starting'
  const studio = startStudio(log, signal)
  closing.add('pages', () => studio.close())

  // Stores
  const storage = await openStorage({
    dataDir: config.dataDir,
    urls: config.urls,
    mediaKeys: config.mediaKeys,
    clock,
    log,
    role: 'platform',
  })
  closing.add('storage', () => storage.close())
  const { eventLog, warehouse, online, records, media } = storage
  signal.throwIfAborted()
  await ensureStreamTables(warehouse)

  // Who there is
  const tenancy = await openTenancy({ records, clock })
  const secret = readSecret(path.join(config.dataDir, 'secret'))
  const identity = await openIdentity({ records, clock, secret })
  await tenancy.ensure({ id: DEMO_TENANT, name: 'StreamVerse' })
  signal.throwIfAborted()

  // From what happened to what is known
  const collector = createCollector({
    eventLog,
    readGrant: identity.readGrant,
    findTenantByWriteKey: (key) => tenancy.findByWriteKey(key),
    clock,
    log,
  })
  await recallEvents(eventLog, collector)
  // Closed after all that says events, before the log.
  const ledgerWords = startLedgerWords({
    book: collector.book,
    eventLog,
    clock,
    ids: () => uuidv7(clock.now()),
    log,
  })
  closing.add('ledger', () => ledgerWords.close())
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
    isProgram,
    limits: { maxUploadBytes: config.maxUploadBytes, concurrentJobs: config.transcodeJobs },
  })
  // Awaited further down; a failure before that is told there.
  openingPlayback.catch(() => undefined)
  closing.add('playback', () =>
    openingPlayback.then(
      (opened) => opened.close(),
      () => undefined,
    ),
  )

  const openingTitles = openingPlayback.then((playback) => createTitles(catalog, playback, clock))
  openingTitles.catch(() => undefined)
  const featureSink = openFeatureSink({
    eventLog,
    online,
    durationOf: async (tenantId, titleId) =>
      (await (await openingTitles).one(tenantId, titleId))?.durationMs ?? null,
    log,
  })
  closing.add('feature sink', () => featureSink.close())

  const projection = await openProjection({
    eventLog,
    warehouse,
    streams,
    clock,
    log,
    onTold: (events) => featureSink.fold(playbackEvents, events),
  })
  closing.add('views and warehouse sink', () => projection.close())
  const { sink, views } = projection
  const { watermarkAt } = views
  const ledger = createLedger({
    warehouse,
    book: collector.book,
    run: ledgerWords,
    sinkCaughtUpTo: sink.caughtUpTo,
    clock,
  })

  const playback = await openingPlayback
  signal.throwIfAborted()
  const titles = await openingTitles
  const purging = keepPurging({ catalog, playback, clock }, log)
  closing.add('purging', () => purging.close())

  // Learning and serving
  const registry = await openRegistry({ records, media, clock, say: (events) => collector.say(events) })
  closing.add('registry', () => registry.close())
  const canaries = watchCanaries({ warehouse, registry }, log)
  closing.add('canaries', () => canaries.close())
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
  // An embedded warehouse has no other users; on a server somebody's report may be in the making.
  await dropLeftBehind(warehouse, config.urls.warehouse === undefined ? 0 : DAY_MS)
  const analytics = createKnownReports({
    now: createAnalytics({ warehouse, clock, watermarkAt }),
    warehouse,
    watermarkAt,
    clock,
    log,
  })
  closing.add('known reports', () => analytics.close())

  // Over HTTP
  const eventsStored = async (): Promise<number> => {
    const counted = streams.filter((stream) => stream !== ledgerEvents)
    const ends = await Promise.all(counted.map((stream) => eventLog.ends(stream)))
    return ends.flat().reduce((sum, end) => sum + end, 0)
  }
  const cutOffs = createCutOffs()
  const letters = createLetters({
    warehouse,
    collector,
    caughtUp: sink.caughtUp,
    clock,
    ids: () => uuidv7(clock.now()),
  })
  const telemetry = createTelemetry(
    readingsOf({
      collector,
      ledger,
      sink,
      playback,
      watermarkAt,
      chartDelay: views.delay,
      clock,
      eventsStored,
      cutOffs,
      droppedReceipts: serving.droppedReceipts,
      log,
    }),
  )
  const ports = createApiPorts({
    clock,
    publicUrl: config.publicUrl,
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
    warehouse,
    board,
    ledger,
    letters,
    eventsStored,
    chartDelay: views.delay,
  })
  const app = await openWeb({
    notReady: () => notReady,
    metrics: () => telemetry.text(),
    ports,
    callers: createCallers(identity.readSession, clock),
    titles,
    collector,
    playback,
    pagesBuilt: studio.isBuilt,
    connectionsPerAddress: config.connectionsPerAddress,
    cutOffs,
    log,
  })
  let world: Awaited<ReturnType<typeof openDemoWorld>> | undefined
  closing.add('demo world', () => world?.close())
  closing.add('http', () => app.close())

  await serving.warm(DEMO_TENANT)
  signal.throwIfAborted()
  const url = await listen(app, config)
  leaveAddress(config.dataDir, url)
  closing.add('address', () => removeAddress(config.dataDir))
  const sqlEndpoint = await openSql({ config, warehouse, records, clock, log })
  closing.add('SQL endpoint', () => sqlEndpoint.close())
  await studio.ready
  signal.throwIfAborted()
  notReady = null

  if (config.empty) await ensureLocalPeople(DEMO_TENANT, { catalog, identity })
  else {
    world = await openDemoWorld({
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
      settled: () => projection.caughtUp(),
      learn: { warehouse, registry, checkpoints: path.join(config.dataDir, 'trainings') },
      board,
      log,
    })
  }
  signal.throwIfAborted()
  return { url, close: () => closing.close() }
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    throw listeningRefused(error, host, port)
  }
}
