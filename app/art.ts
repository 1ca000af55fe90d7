/**
 * Drawn posters of titles that have no picture of their own. A title viewers may see has a public poster; any other is
 * shown to its creator and to operators of its tenant only, and kept by no cache.
 */
import type { FastifyInstance } from 'fastify'
import { refusals } from '#api/errors.ts'
import type { Caller, TitleRecord } from '#api/ports.ts'
import { isOwn, isPublic } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'

export type ArtPorts = {
  readonly title: (tenantId: string, titleId: string) => Promise<TitleRecord | null>
  readonly callerOf: (cookie: string | undefined) => Promise<Caller>
  readonly draw: (title: TitleRecord) => string
}

const looksAfter = (caller: Caller, title: TitleRecord): boolean =>
  isOwn(title, { caller }) || (caller.roles.includes('operator') && caller.tenantId === title.tenantId)

export function registerArt(app: FastifyInstance, { title: find, callerOf, draw }: ArtPorts): void {
  app.get<{ Params: { tenantId: string; name: string } }>('/art/:tenantId/:name', async (request, reply) => {
    const { tenantId, name } = request.params
    const id = name.replace(/\.svg$/, '')
    const title = await find(tenantId, id)
    const seen = title !== null && isPublic(title)
    reply.header('cache-control', seen ? 'public, max-age=60' : 'private, no-store')
    if (title === null || !(seen || looksAfter(await callerOf(request.headers.cookie), title))) {
      throw new Refusal(refusals.noSuchTitle, `There is no title ${id}.`)
    }
    return reply.type('image/svg+xml').send(draw(title))
  })
}
