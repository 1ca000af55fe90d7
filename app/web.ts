/** Everything the platform offers over HTTP on one server: the API, the collector, playback, posters and the pages. */
import type { FastifyInstance } from 'fastify'
import type { Ports } from '#api/ports.ts'
import { registerApi } from '#api/server.ts'
import { registerArt } from '#app/art.ts'
import type { Callers } from '#app/callers.ts'
import type { CutOffs } from '#app/cut-offs.ts'
import { createHttp } from '#app/http.ts'
import { readTrustedDocuments, registerStudio } from '#app/studio.ts'
import type { Titles } from '#app/titles.ts'
import type { Log } from '#base/log.ts'
import { drawPoster } from '#demo/artwork.ts'
import type { Collector } from '#pipelines/collect.ts'
import { registerCollector } from '#pipelines/collector-routes.ts'
import type { Playback } from '#playback/playback.ts'
import { registerPlayback } from '#playback/routes.ts'

export type WebParts = {
  /** Null when the platform accepts requests, else why it does not. */
  readonly notReady: () => string | null
  readonly metrics: () => Promise<string>
  readonly ports: Ports
  readonly callers: Callers
  readonly titles: Titles
  readonly collector: Collector
  readonly playback: Playback
  readonly pagesBuilt: () => boolean
  /** As `createHttp` has it. */
  readonly connectionsPerAddress: number
  readonly cutOffs: CutOffs
  readonly log: Log
}

/** Not listening yet. Closing the server drains it. */
export async function openWeb(parts: WebParts): Promise<FastifyInstance> {
  const { notReady, metrics, ports, callers, titles, collector, playback, pagesBuilt, log } = parts
  const { connectionsPerAddress, cutOffs } = parts
  const app = createHttp({
    log,
    notReady,
    metrics,
    mayWatch: callers.mayWatch,
    connectionsPerAddress,
    cutOffs,
  })
  await registerApi(app, { ports, callerOf: callers.of, documents: readTrustedDocuments(), log })
  registerCollector(app, collector)
  registerPlayback(app, playback)
  registerArt(app, { title: titles.one, callerOf: callers.of, draw: drawPoster })
  await registerStudio(app, pagesBuilt)
  return app
}
