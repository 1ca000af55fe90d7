/** What happens to a source file on its way to being playable. */
import { defineEvent, defineStream, id, label, optional, text, whole } from '#events/define.ts'

export const mediaEvents = defineStream({
  name: 'media.jobs.v1',
  table: 'media_events',
  key: 'jobId',
  partitions: 1,
  orderBy: ['tenantId', 'jobId', 'derivedAt', 'eventId'],
  retentionDays: 400,
  description: 'Uploads and transcodes, step by step.',
  common: { jobId: id('the transcode job'), titleId: id('the title it makes playable') },
})

const by = 'server'
export const uploadReceived = defineEvent(mediaEvents, {
  type: 'media.upload.received',
  version: 1,
  by,
  description: 'The whole source is here.',
  fields: {
    sizeBytes: whole('UInt64', 'size of the source'),
    fileName: text('name the uploader gave it', 200),
  },
})
export const sourceProbed = defineEvent(mediaEvents, {
  type: 'media.source.probed',
  version: 1,
  by,
  description: 'The source was read.',
  fields: {
    container: label('container format'),
    videoCodec: label('video codec'),
    audioCodec: optional(label('audio codec')),
    widthPx: whole('UInt16', 'width'),
    heightPx: whole('UInt16', 'height'),
    durationMs: whole('UInt32', 'length'),
  },
})
export const renditionDone = defineEvent(mediaEvents, {
  type: 'media.rendition.done',
  version: 1,
  by,
  description: 'One rung of the ladder is playable.',
  fields: {
    renditionHeightPx: whole('UInt16', 'height'),
    bitrateKbps: whole('UInt32', 'average bitrate'),
    encoder: label('encoder used, `copy` when the source was repackaged'),
    encodeMs: whole('UInt32', 'wall time it took'),
  },
})
export const packagePublished = defineEvent(mediaEvents, {
  type: 'media.package.published',
  version: 1,
  by,
  description: 'Every rung is playable.',
  fields: { renditionCount: whole('UInt8', 'rungs'), totalMs: whole('UInt32', 'from received to published') },
})
export const jobFailed = defineEvent(mediaEvents, {
  type: 'media.job.failed',
  version: 1,
  by,
  description: 'The source cannot be made playable.',
  fields: { reasonCode: label('stable code of the refusal'), reason: text('what the uploader is told') },
})

export const media = [uploadReceived, sourceProbed, renditionDone, packagePublished, jobFailed] as const
