/** The HTTP server: safe headers, bounded bodies and times, and whether the platform is alive and accepting. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

export type HttpOptions = {
  readonly log: Log
  /** Null when the platform accepts requests, else why it does not. */
  readonly notReady: () => string | null
  readonly metrics: () => Promise<string>
}

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

export function createHttp({ log, notReady, metrics }: HttpOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'strict-origin-when-cross-origin')
    if (String(reply.getHeader('content-type') ?? '').startsWith('text/html')) {
      reply.header('content-security-policy', POLICY)
    }
  })
  app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof Refusal) {
      if (error.status === 429 || error.status === 503) reply.header('retry-after', '2')
      return reply.status(error.status).send({ code: error.code, message: error.message, fix: error.fix })
    }
    const status = error.statusCode ?? 500
    if (status < 500) return reply.status(status).send({ code: 'SV_BAD_REQUEST', message: error.message })
    log.error({ err: error, url: request.url }, 'a request failed')
    return reply.status(500).send({ code: 'SV_INTERNAL', message: 'Something went wrong on our side.' })
  })
  app.get('/healthz', async () => ({ alive: true }))
  app.get('/readyz', async (_request, reply) => {
    const why = notReady()
    return reply.status(why === null ? 200 : 503).send(why === null ? { ready: true } : { ready: false, why })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await metrics()),
  )
  return app
}
