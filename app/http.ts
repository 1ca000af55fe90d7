/**
 * The HTTP server: safe headers; bodies bounded in size, headers and bodies in time (uploads of media may take as long
 * as they come), connections in number; refusals for now say when to come back; whether the platform is alive and
 * accepting; and an end that cuts nobody short.
 */
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { registerBodyTime } from '#app/body-time.ts'
import { answerUnreadable, boundConnections } from '#app/connections.ts'
import { type CutOffs, createCutOffs } from '#app/cut-offs.ts'
import { registerDrain } from '#app/drain.ts'
import { refusals } from '#app/errors.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { UPLOAD_PATH } from '#playback/upload/uploads.ts'

export type HttpOptions = {
  readonly log: Log
  /** Null when the platform accepts requests, else why it does not. */
  readonly notReady: () => string | null
  readonly metrics: () => Promise<string>
  /** Whether the metrics, which count every tenant, may go to whoever asks. */
  readonly mayWatch: (request: FastifyRequest) => Promise<boolean>
  /** What a closing server waits for requests in hand. */
  readonly forceAfterMs?: number
  /** What the body of a request may take to come. */
  readonly bodyMs?: number
  readonly headersMs?: number
  /** How long nothing may come of an upload. */
  readonly uploadIdleMs?: number
  /** How many connections one address may hold; 0: any number, for a proxy that bounds them itself. */
  readonly connectionsPerAddress?: number
  /** Counts clients that were cut off. */
  readonly cutOffs?: CutOffs
}

const HEADERS_MS = 20_000
const BODY_MS = 60_000
const UPLOAD_IDLE_MS = 60_000
/** Names, values and the address of a request together. */
const MAX_HEADER_BYTES = 16 * 1024
const RETRY_AFTER_SECONDS = '2'
const FORCE_AFTER_MS = 5000

const POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'self'",
].join('; ')

const isUpload = (url: string): boolean => url === UPLOAD_PATH || url.startsWith(`${UPLOAD_PATH}/`)

export function createHttp(options: HttpOptions): FastifyInstance {
  const { log, notReady, metrics, mayWatch, forceAfterMs = FORCE_AFTER_MS, bodyMs = BODY_MS } = options
  const { headersMs = HEADERS_MS, uploadIdleMs = UPLOAD_IDLE_MS, connectionsPerAddress = 0 } = options
  const cutOffs = options.cutOffs ?? createCutOffs()
  const app = fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 0,
    http: {
      headersTimeout: headersMs,
      // How often slow ones are looked for: not much more than they were given.
      connectionsCheckingInterval: Math.min(headersMs / 4, 5000),
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    clientErrorHandler: answerUnreadable(cutOffs),
    keepAliveTimeout: 30_000,
    return503OnClosing: false,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  const isDraining = registerDrain(app, forceAfterMs)
  if (connectionsPerAddress > 0) boundConnections(app, connectionsPerAddress, cutOffs)
  registerBodyTime(app, { mostMs: bodyMs, isUpload, idleMs: uploadIdleMs, cutOffs })
  app.addHook('onSend', async (_request, reply) => {
    const isForNow = reply.statusCode === 429 || reply.statusCode === 503
    if (isForNow && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'strict-origin-when-cross-origin')
    if (String(reply.getHeader('content-type') ?? '').startsWith('text/html')) {
      reply.header('content-security-policy', POLICY)
    }
  })
  app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Refusal) {
      return reply.status(error.status).send({ code: error.code, message: error.message, fix: error.fix })
    }
    const status = error.statusCode ?? 500
    if (status < 500) {
      const { code, fix } = refusals.badRequest
      return reply.status(status).send({ code, message: error.message, fix })
    }
    log.error({ err: error, url: request.url }, 'a request failed')
    return reply.status(500).send({ code: 'SV_INTERNAL', message: 'Something went wrong on our side.' })
  })
  app.get('/healthz', async () => ({ alive: true }))
  app.get('/readyz', async (_request, reply) => {
    const why = isDraining() ? 'stopping' : notReady()
    return reply.status(why === null ? 200 : 503).send(why === null ? { ready: true } : { ready: false, why })
  })
  app.get('/metrics', async (request, reply) => {
    if (!(await mayWatch(request))) {
      throw new Refusal(refusals.metricsNotAllowed, 'The metrics are for the operator.')
    }
    return reply
      .type('text/plain; version=0.0.4')
      .header('cache-control', 'no-store')
      .send(await metrics())
  })
  return app
}
