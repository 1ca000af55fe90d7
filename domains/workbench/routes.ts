/**
 * The endpoint over HTTP: `POST /sql` with the statement as its body, `POST /refresh` for a new snapshot. Each with
 * `Authorization: Bearer <key>`; each question leaves a line behind before its answer goes out.
 */
import type { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { Audit } from '#domains/workbench/audit.ts'
import { refusals } from '#domains/workbench/errors.ts'
import type { SqlKey, SqlKeys } from '#domains/workbench/keys.ts'
import { createRate } from '#domains/workbench/rate.ts'

type Note = { readonly id: string; readonly takenAt: number; readonly tables: readonly object[] }
export type RoutesParts = {
  readonly keys: Pick<SqlKeys, 'find'>
  readonly ask: (
    tenantId: string,
    statement: string,
    format: SqlFormat,
  ) => Promise<{ readonly bytes: number; readonly body: Readable; readonly snapshot: Note }>
  readonly refresh: (tenantId: string) => Promise<Note>
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
}

const TYPES = {
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const
export type SqlFormat = keyof typeof TYPES

const MOST_BODY_BYTES = 64 * 1024
const BODY_MS = 30_000

/** Not listening yet. */
export function createRoutes(parts: RoutesParts): FastifyInstance {
  const { keys, ask, refresh, audit, clock, log } = parts
  const app = fastify({
    logger: false,
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: BODY_MS,
    forceCloseConnections: true,
  })
  // A statement is text, whatever it is called.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) {
      const { code, message, fix } = error
      if (error.status === 401) reply.header('www-authenticate', 'Bearer')
      return reply.status(error.status).send({ code, message, fix })
    }
    const status = error.statusCode ?? 500
    if (status < 500) {
      const { code, fix } = refusals.badFormat
      return reply.status(status).send({ code, message: error.message, fix })
    }
    log.error({ err: error }, 'a question in SQL failed')
    return reply.status(500).send({ code: 'SV_INTERNAL', message: 'Something went wrong on our side.' })
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store')
    const isForNow = reply.statusCode === 429 || reply.statusCode === 503
    if (isForNow && !reply.hasHeader('retry-after')) reply.header('retry-after', '2')
  })

  const mayAsk = createRate(clock)
  const keyOf = async (request: FastifyRequest): Promise<SqlKey> => {
    const [, given = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const key = await keys.find(given)
    if (key === null) throw new Refusal(refusals.unknownKey, 'There is no such key.')
    return key
  }
  const inTurn = (key: SqlKey, reply: { header(name: string, value: string): unknown }): void => {
    const waitMs = mayAsk(key.id)
    if (waitMs === 0) return
    reply.header('retry-after', String(Math.ceil(waitMs / 1000)))
    throw new Refusal(refusals.tooOften, 'This key asks too often.')
  }

  app.post('/sql', async (request, reply) => {
    const key = await keyOf(request)
    const { format = 'arrow' } = request.query as { format?: string }
    const statement = typeof request.body === 'string' ? request.body : ''
    const begunAt = clock.now()
    const note = (bytes: number, refused: string | null): Promise<void> =>
      audit.write({
        at: begunAt,
        tenantId: key.tenantId,
        keyId: key.id,
        keyName: key.name,
        statement,
        format: String(format).slice(0, 20),
        tookMs: clock.now() - begunAt,
        bytes,
        refused,
      })
    try {
      inTurn(key, reply)
      if (!isFormat(format)) throw new Refusal(refusals.badFormat, 'There is no such format.')
      const { bytes, body, snapshot } = await ask(key.tenantId, statement, format)
      try {
        await note(bytes, null)
      } catch (error) {
        body.destroy()
        throw error
      }
      return await reply
        .type(TYPES[format])
        .header('content-length', bytes)
        .header('x-streamverse-snapshot', snapshot.id)
        .header('x-streamverse-taken-at', new Date(snapshot.takenAt).toISOString())
        .send(body)
    } catch (error) {
      await note(0, error instanceof Refusal ? error.code : 'SV_INTERNAL')
      throw error
    }
  })
  app.post('/refresh', async (request, reply) => {
    const key = await keyOf(request)
    inTurn(key, reply)
    const { id, takenAt, tables } = await refresh(key.tenantId)
    return { id, takenAt, tables }
  })
  return app
}

const isFormat = (format: unknown): format is SqlFormat =>
  typeof format === 'string' && Object.hasOwn(TYPES, format)
