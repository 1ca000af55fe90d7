/**
 * The end of the HTTP server: from `app.close()` on nothing new is begun, requests in hand finish, event streams are
 * ended by us (their clients come back by themselves), and what is left after `forceAfterMs` is cut.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { refusals } from '#app/errors.ts'
import { Refusal } from '#base/refusal.ts'

/** Addresses that tell how the platform is: they answer to the last. */
const TELLING = new Set(['/healthz', '/readyz'])

const isEventStream = (answer: { getHeader(name: string): unknown }): boolean => {
  const type = answer.getHeader('content-type')
  return typeof type === 'string' && type.startsWith('text/event-stream')
}

/**
 * Registers the draining on a server made with `return503OnClosing: false` and `forceCloseConnections: true`.
 * Returns whether it has begun.
 */
export function registerDrain(app: FastifyInstance, forceAfterMs: number): () => boolean {
  const inHand = new Set<ServerResponse>()
  let draining = false
  let emptied: (() => void) | undefined
  app.addHook('onRequest', async (request, { raw }) => {
    if (draining && !TELLING.has(request.url)) {
      throw new Refusal(refusals.stopping, 'The platform is stopping.')
    }
    inHand.add(raw)
    raw.once('close', () => {
      inHand.delete(raw)
      if (inHand.size === 0) emptied?.()
    })
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!draining) return
    reply.header('connection', 'close')
    // The request was in hand before, its stream begins only now.
    if (isEventStream(reply)) setImmediate(() => reply.raw.end())
  })
  app.addHook('preClose', async () => {
    draining = true
    for (const response of inHand) if (isEventStream(response)) response.end()
    if (inHand.size === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      emptied = resolve
      timer = setTimeout(resolve, forceAfterMs)
    })
    clearTimeout(timer)
  })
  return () => draining
}
