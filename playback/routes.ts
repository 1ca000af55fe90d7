/** Playback over HTTP: resumable uploads, captions beside them, and the media itself. */
import type { FastifyInstance } from 'fastify'
import { Refusal } from '#base/refusal.ts'
import { MAX_CAPTION_BYTES } from '#playback/captions.ts'
import { refusals } from '#playback/errors.ts'
import { registerMedia } from '#playback/media-routes.ts'
import type { Playback } from '#playback/ports.ts'
import { bearerOf } from '#playback/upload/tokens.ts'
import { UPLOAD_PATH } from '#playback/upload/uploads.ts'

export function registerPlayback(fastify: FastifyInstance, playback: Playback): void {
  registerMedia(fastify, playback.media, playback.witness)
  void fastify.register(async (scope) => registerUploads(scope, playback))
  void fastify.register(async (scope) => registerCaptions(scope, playback))
}

/** tus reads the body itself, as it comes: fastify steps aside. */
function registerUploads(scope: FastifyInstance, playback: Playback): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const url of [UPLOAD_PATH, `${UPLOAD_PATH}/*`]) {
    scope.all(url, async (request, reply) => {
      reply.hijack()
      await playback.uploads.handle(request.raw, reply.raw)
    })
  }
}

/** `PUT /captions/<language>?label=` with the upload's token and WebVTT as the body. */
function registerCaptions(scope: FastifyInstance, playback: Playback): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    '*',
    { parseAs: 'string', bodyLimit: MAX_CAPTION_BYTES + 1 },
    (_request, body, done) => done(null, body),
  )
  scope.put<{ Params: { language: string }; Querystring: { label?: string }; Body: string }>(
    '/captions/:language',
    async (request, reply) => {
      const token = bearerOf(request.headers.authorization)
      const job = token === null ? null : await playback.jobByToken(token)
      if (job === null) throw new Refusal(refusals.uploadToken, 'The upload token is missing or wrong.')
      const { label } = request.query
      const text = String(request.body ?? '')
      await playback.putCaption(job.tenantId, job.titleId, { language: request.params.language, label, text })
      return reply.status(204).send()
    },
  )
}
