/**
 * Bounds the time a request's body may take to come, so that nobody holds a connection by sending slowly. Uploads may
 * take as long as they come, but not stand still.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CutOffs } from '#app/cut-offs.ts'
import { refusals } from '#app/errors.ts'
import { Refusal } from '#base/refusal.ts'

type BodyTimes = {
  readonly mostMs: number
  readonly isUpload: (url: string) => boolean
  /** How long nothing may come of an upload. */
  readonly idleMs: number
  readonly cutOffs: CutOffs
}

export function registerBodyTime(app: FastifyInstance, times: BodyTimes): void {
  app.addHook('onRequest', async (request, reply) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.raw.headers
    if (encoding === undefined && (length === undefined || length === '0')) return
    if (times.isUpload(request.url)) boundIdle(request, reply, times)
    else boundWhole(request, reply, times)
  })
}

function boundWhole({ raw }: FastifyRequest, reply: FastifyReply, { mostMs, cutOffs }: BodyTimes): void {
  const timer = setTimeout(() => {
    cutOffs.count('body too slow')
    if (reply.sent) raw.destroy()
    else {
      reply.header('connection', 'close')
      reply.send(new Refusal(refusals.bodyTooSlow, `The body took longer than ${mostMs} ms to come.`))
    }
  }, mostMs)
  raw.once('close', () => clearTimeout(timer))
  raw.once('end', () => clearTimeout(timer))
}

/** Whoever reads the upload goes on; its sender goes on where it stopped, by the rules of tus. */
function boundIdle({ raw }: FastifyRequest, reply: FastifyReply, { idleMs, cutOffs }: BodyTimes): void {
  raw.setTimeout(idleMs, () => {
    cutOffs.count('upload idle')
    raw.socket.destroy()
  })
  // The whole body is here and is being put away: that is our time, and no reason to hang up.
  reply.raw.on('timeout', () => undefined)
}
