/**
 * GET and HEAD of what viewers play: `/media/<tenantId>/<titleId>/<path>`. Segments never change and are cached
 * for good; manifests are asked for anew. Ranges, ETags and other origins' players are served.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { followAnswer, type Witness } from '#playback/delivery/follow.ts'
import { titleKey } from '#playback/job.ts'
import type { MediaObject, MediaStore } from '#storage/media/media-store.ts'

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
  vtt: 'text/vtt; charset=utf-8',
  svg: 'image/svg+xml',
}
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
/** Below a job's own folder nothing ever changes. */
const NEVER_CHANGES = /^r[0-9a-f]{10}\//
const FOR_GOOD = 'public, max-age=31536000, immutable'
const SHORTLY = 'public, max-age=2, must-revalidate'
const PICTURE = 'public, max-age=60, must-revalidate'

export type ByteRange = { readonly start: number; readonly end: number }

/** The one range asked for; null: serve the whole; `none`: there are no such bytes. */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | null | 'none' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const [from, to] = [match[1] as string, match[2] as string]
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes)
    return length === 0 ? 'none' : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(from)
  const end = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)
  if (to !== '' && Number(to) < start) return null
  return start >= sizeBytes ? 'none' : { start, end }
}

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' ||
    header
      .split(',')
      .map((one) => one.trim().replace(/^W\//, ''))
      .includes(etag))

/** `If-Range` holds a range back when what the client has is no longer what we have. */
const stillTheSame = (header: string | undefined, found: MediaObject): boolean =>
  header === undefined ||
  header === found.etag ||
  (!header.startsWith('"') &&
    !header.startsWith('W/') &&
    Date.parse(header) >= Math.floor(found.modifiedAt / 1000) * 1000)

type MediaRequest = FastifyRequest<{ Params: { tenantId: string; titleId: string; '*': string } }>

function keyOf({ params }: MediaRequest): string | null {
  const names = [params.tenantId, params.titleId, ...params['*'].split('/')]
  return names.every((name) => SEGMENT.test(name))
    ? `${titleKey(params.tenantId, params.titleId)}/${params['*']}`
    : null
}

const isFresh = (request: MediaRequest, found: MediaObject): boolean => {
  const { 'if-none-match': tags, 'if-modified-since': since } = request.headers
  if (tags !== undefined) return matches(tags, found.etag)
  return since !== undefined && Date.parse(since) >= Math.floor(found.modifiedAt / 1000) * 1000
}

function describe(reply: FastifyReply, file: string, found: MediaObject): void {
  const ending = file.slice(file.lastIndexOf('.') + 1)
  const cache = NEVER_CHANGES.test(file) ? FOR_GOOD : ending === 'jpg' ? PICTURE : SHORTLY
  reply.headers({
    'content-type': TYPES[ending] ?? 'application/octet-stream',
    'cache-control': cache,
    etag: found.etag,
    'last-modified': new Date(found.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'content-length, content-range, accept-ranges, etag',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
  })
}

/** `witness` hears of every piece and manifest delivered. */
export function registerMedia(fastify: FastifyInstance, media: MediaStore, witness?: Witness): void {
  fastify.options('/media/*', async (_request, reply) =>
    reply
      .headers({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, OPTIONS',
        'access-control-allow-headers':
          'range, if-range, if-none-match, if-modified-since, ' +
          'cmcd-object, cmcd-request, cmcd-session, cmcd-status',
        'access-control-max-age': '86400',
      })
      .status(204)
      .send(),
  )
  fastify.route<{ Params: { tenantId: string; titleId: string; '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/media/:tenantId/:titleId/*',
    handler: async (request, reply) => {
      const key = keyOf(request)
      const found = key === null ? null : await media.head(key)
      if (key === null || found === null) {
        return reply
          .header('access-control-allow-origin', '*')
          .header('cache-control', 'no-store')
          .status(404)
          .send({ code: 'SV_MEDIA_MISSING', message: 'There is no such file.' })
      }
      describe(reply, request.params['*'], found)
      const { tenantId, titleId, '*': file } = request.params
      const follow = (length: number): void => {
        if (witness === undefined) return
        followAnswer(witness, request, reply, { tenantId, titleId, file, sizeBytes: found.sizeBytes }, length)
      }
      if (isFresh(request, found)) {
        follow(0)
        return reply.status(304).send()
      }
      const asked = stillTheSame(request.headers['if-range']?.toString(), found)
        ? request.headers.range
        : undefined
      const range = readRange(asked, found.sizeBytes)
      if (range === 'none') {
        return reply.header('content-range', `bytes */${found.sizeBytes}`).status(416).send()
      }
      const length = range === null ? found.sizeBytes : range.end - range.start + 1
      reply.header('content-length', length)
      if (range !== null) {
        reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${found.sizeBytes}`)
      }
      if (request.method === 'HEAD') return reply.send()
      follow(length)
      return reply.send(await media.read(key, range ?? undefined))
    },
  })
}
