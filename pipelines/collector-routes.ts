/** The collector's doors over HTTP: `POST /events` for batches of ours, `POST /cmcd/:token` for any CMCD v2 player. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '#base/refusal.ts'
import { readCmcd } from '#pipelines/cmcd.ts'
import type { Collector } from '#pipelines/collect.ts'
import { refusals } from '#pipelines/errors.ts'

const RETRY_AFTER_SECONDS = '2'
const NO_BODY = new Uint8Array()

/** Players report from pages of any origin; the token in the report is what counts, so no credentials are allowed. */
function allowAnyOrigin(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('access-control-allow-origin', '*')
  if (request.method === 'OPTIONS') {
    reply.header('access-control-allow-methods', 'POST')
    reply.header('access-control-allow-headers', 'content-type, x-streamverse-key')
    reply.header('access-control-max-age', '86400')
  }
  done()
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.status === 429 || refusal.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  return reply.status(refusal.status).send({ code: refusal.code, message: refusal.message, fix: refusal.fix })
}

const bytesOf = (request: FastifyRequest): Uint8Array =>
  request.body instanceof Uint8Array ? request.body : NO_BODY
/** Who sends, as far as requests say. A proxy that knows addresses of data centres says so in the second header. */
const senderOf = ({ headers }: FastifyRequest): { userAgent: string; fromDatacentre: boolean } => ({
  userAgent: headers['user-agent'] ?? '',
  fromDatacentre: headers['x-streamverse-datacentre'] === '1',
})

export function registerCollector(app: FastifyInstance, collector: Collector): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.addHook('onRequest', allowAnyOrigin)
    scope.setErrorHandler(async (error: FastifyError, _request, reply) => {
      if (error instanceof Refusal) return refuse(reply, error)
      if (error.statusCode !== 413) throw error
      const refusal = new Refusal(refusals.bodyTooLarge, 'The body is too large.')
      collector.turnedAway(refusal.code)
      return refuse(reply, refusal)
    })

    const options = { bodyLimit: collector.limits.bodyBytes }
    scope.post('/events', options, async (request, reply) => {
      const key = request.headers['x-streamverse-key']
      const answer = await collector.collect({
        writeKey: typeof key === 'string' ? key : undefined,
        body: bytesOf(request),
        ...senderOf(request),
      })
      return reply.status(202).send(answer)
    })
    // A wildcard, because the router bounds named parameters to fewer characters than a token has.
    scope.post<{ Params: { '*': string } }>('/cmcd/*', options, async (request, reply) => {
      try {
        const body = readCmcd(bytesOf(request))
        await collector.collect({ token: request.params['*'], body, ...senderOf(request) })
        return reply.status(204).send()
      } catch (error) {
        // 410 is the one answer that makes a player stop reporting.
        if (!(error instanceof Refusal) || error.code !== refusals.tokenRefused.code) throw error
        return refuse(reply, new Refusal(refusals.tokenOver, error.message))
      }
    })
    const preflight = async (_request: FastifyRequest, reply: FastifyReply) => reply.status(204).send()
    scope.options('/events', preflight)
    scope.options('/cmcd/*', preflight)
  })
}
