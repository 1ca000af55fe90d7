/**
 * The API over HTTP: documents from anyone through yoga and its limits, trusted documents on their own fast route.
 * In running order: caller from the cookie, limits, execution, refusals made plain.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createYoga } from 'graphql-yoga'
import { type Context, createContext } from '#api/context.ts'
import { limitsPlugin, refusalStatusPlugin } from '#api/limits.ts'
import { createMask } from '#api/mask.ts'
import type { Caller, Ports } from '#api/ports.ts'
import { createSchema } from '#api/schema.ts'
import { createTrustedDocuments } from '#api/trusted.ts'
import type { Log } from '#base/log.ts'

export type ApiOptions = {
  readonly ports: Ports
  /** Who the cookie header belongs to; a visitor when it belongs to nobody. */
  readonly callerOf: (cookie: string | undefined) => Promise<Caller>
  readonly documents: readonly string[]
  readonly log: Log
}
type Server = { readonly req: FastifyRequest; readonly reply: FastifyReply }

const COOKIE = 'sv_session'
const COOKIE_SECONDS = 30 * 86_400

/** Registers `/graphql` (any document) and `/graphql/d/:hash` (trusted documents; the body is the variables). */
export async function registerApi(
  app: FastifyInstance,
  { ports, callerOf, documents, log }: ApiOptions,
): Promise<void> {
  const schema = createSchema()
  const trusted = createTrustedDocuments(schema, documents)
  const mask = createMask(log)
  const contextOf = async ({ req, reply }: Server): Promise<Context> =>
    createContext(ports, await callerOf(req.headers.cookie), (cookie) => {
      reply.header(
        'set-cookie',
        `${COOKIE}=${cookie}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Lax`,
      )
    })
  const yoga = createYoga<Server, Context>({
    schema,
    context: contextOf,
    cors: false,
    landingPage: false,
    graphiql: false,
    logging: false,
    maskedErrors: { maskError: mask },
    plugins: [limitsPlugin(), refusalStatusPlugin()],
  })

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => {
      done(null)
    })
    scope.route({
      url: '/graphql',
      method: ['GET', 'POST'],
      handler: async (req, reply) => {
        const response = await yoga.handleNodeRequestAndResponse(req, reply, { req, reply })
        for (const [name, value] of response.headers) reply.header(name, value)
        reply.status(response.status)
        return reply.send(response.body ?? '')
      },
    })
  })

  app.post<{ Params: { hash: string }; Body: Record<string, unknown> | null }>(
    '/graphql/d/:hash',
    { bodyLimit: 64 * 1024 },
    async (req, reply) => {
      const document = trusted.find(req.params.hash)
      if (document === null) return reply.status(404).send({ errors: [{ message: 'Unknown document.' }] })
      const { data, errors } = await document.run(await contextOf({ req, reply }), req.body ?? {})
      reply.type('application/json')
      return reply.send(JSON.stringify(errors === undefined ? { data } : { data, errors: errors.map(mask) }))
    },
  )
}
