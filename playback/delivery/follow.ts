/** Follows the answer to a request for media to its end, whole or cut off, and hands what was delivered to the log. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#base/clock.ts'
import { cmcdParts } from '#playback/delivery/cmcd-request.ts'
import type { Delivered } from '#playback/delivery/delivery-log.ts'
import { placeOf } from '#playback/delivery/place.ts'

export type Witness = {
  readonly note: (delivered: Delivered) => void
  /** Whether a user agent says itself that it is a program; the text itself is not kept. */
  readonly isProgram: (userAgent: string) => boolean
  readonly clock: Clock
}
type MediaFile = {
  readonly tenantId: string
  readonly titleId: string
  /** The path below the title. */
  readonly file: string
  readonly sizeBytes: number
}

const DELIVERS = new Set([200, 206, 304])

/** Call before the answer is sent. `length`: bytes of the file that will be sent, 0 where the client has them. */
export function followAnswer(
  { note, isProgram, clock }: Witness,
  request: FastifyRequest,
  reply: FastifyReply,
  { tenantId, titleId, file, sizeBytes }: MediaFile,
  length: number,
): void {
  const place = request.method === 'GET' ? placeOf(file) : null
  if (place === null) return
  const { raw } = reply
  const receivedAt = clock.now()
  const begun = performance.now()
  const before = raw.socket?.bytesWritten ?? 0
  const { socket } = raw
  raw.once('close', () => {
    if (!DELIVERS.has(raw.statusCode)) return
    const sent = raw.writableFinished ? length : Math.max(0, (socket?.bytesWritten ?? 0) - before)
    const bytes = Math.min(length, sent)
    note({
      tenantId,
      titleId,
      place,
      status: raw.statusCode,
      sizeBytes,
      bytes,
      whole: raw.statusCode === 304 || (raw.writableFinished && bytes === sizeBytes),
      bot: isProgram(request.headers['user-agent'] ?? ''),
      receivedAt,
      durationMs: Math.round(performance.now() - begun),
      cmcd: cmcdParts((request.query as { CMCD?: unknown } | null)?.CMCD, request.headers),
    })
  })
}
