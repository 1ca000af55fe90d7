/**
 * The API over HTTP: documents from anyone through yoga and its limits, trusted documents on their own fast route.
 * In running order: caller from the cookie, limits, execution, refusals made plain.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createYoga } from 'graphql-yoga'
import { type Context, createContext } from '#api/context.ts'
import { costPlugin } from '#api/cost.ts'
import { refusals } from '#api/errors.ts'
import { limitsPlugin, refusalStatusPlugin } from '#api/limits.ts'
import { createMask } from '#api/mask.ts'
import type { Caller, Ports } from '#api/ports.ts'
import { createSchema } from '#api/schema.ts'
import { subscriptionsPlugin } from '#api/subscriptions.ts'
import { createTrustedDocuments } from '#api/trusted.ts'
import type { Log } from '#base/log.ts'

export type ApiOptions = {
  readonly ports: Ports
  /** Who the cookie header belongs to; a visitor when it belongs to nobody. */
  readonly callerOf: (cookie: string | undefined) => Promise<Caller>
  readonly documents: readonly string[]
  readonly log: Log
  /** How many subscriptions one person, or one address of visitors, may have open. */
  readonly subscriptionsPerPerson?: number
}
type Server = { readonly req: FastifyRequest; readonly reply: FastifyReply }

/** Captions come as text in variables. */
const MAX_BODY_BYTES = 1024 * 1024
/** A page has two open; people keep many pages, and the same person may look from several machines. */
const SUBSCRIPTIONS_PER_PERSON = 100
const COOKIE = 'sv_session'
const COOKIE_SECONDS = 30 * 86_400

/** Registers `/graphql` (any document) and `/graphql/d/:hash` (trusted documents; the body is the variables). */
export async function registerApi(
  app: FastifyInstance,
  { ports, callerOf, documents, log, subscriptionsPerPerson = SUBSCRIPTIONS_PER_PERSON }: ApiOptions,
): Promise<void> {
  const schema = createSchema()
  const trusted = createTrustedDocuments(schema, documents)
  const mask = createMask(log)
  const secure = ports.publicUrl?.startsWith('https:') === true ? '; Secure' : ''
  const contextOf = async ({ req, reply }: Server): Promise<Context> =>
    createContext(ports, await callerOf(req.headers.cookie), req.ip, (cookie) => {
      reply.header(
        'set-cookie',
        `${COOKIE}=${cookie}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
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
    plugins: [
      limitsPlugin(),
      costPlugin(),
      subscriptionsPlugin(subscriptionsPerPerson),
      refusalStatusPlugin(),
    ],
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
        const { code, status, fix } = refusals.tooLarge
        // A body that does not say how long it is could be of any length.
        if (req.method === 'POST' && !(Number(req.headers['content-length']) <= MAX_BODY_BYTES)) {
          const message = `A request to the API says its length, at most ${MAX_BODY_BYTES} bytes.`
          return reply.status(status).send({ errors: [{ message, extensions: { code, fix } }] })
        }
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
      if (document === null) {
        const { code, fix, status } = refusals.unknownDocument
        const error = { message: 'Unknown document.', extensions: { code, fix, status } }
        return reply.status(status).send({ errors: [error] })
      }
      const { data, errors } = await document.run(await contextOf({ req, reply }), req.body ?? {})
      reply.type('application/json')
      return reply.send(JSON.stringify(errors === undefined ? { data } : { data, errors: errors.map(mask) }))
    },
  )
}
