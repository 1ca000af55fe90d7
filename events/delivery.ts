/**
 * What the origin itself delivered: the second witness beside what players report. A request is known by the name its
 * player gave the view (`sid` of CMCD) and by nothing else: no address, no user agent, no viewer.
 */
import {
  defineEvent,
  defineStream,
  flag,
  id,
  label,
  oneOf,
  optional,
  real,
  text,
  whole,
} from '#events/define.ts'

export const deliveryEvents = defineStream({
  name: 'delivery.requests.v1',
  table: 'delivery_requests',
  key: 'sid',
  partitions: 2,
  orderBy: ['tenantId', 'titleId', 'derivedAt', 'eventId'],
  retentionDays: 400,
  description:
    'Requests for media as the origin answered them, with what CMCD (request mode, v1 and v2) said.',
  common: {
    sid: optional(id('the name the player gave its view; null where it gave none')),
    titleId: id('the title'),
    bytes: whole('UInt64', 'bytes of the file that were sent'),
    status: whole('UInt16', 'HTTP status: 200, 206 or 304'),
    durationMs: whole('UInt32', 'from the request to the end of the answer'),
    bot: flag('asked for by an automated client: kept, not counted'),
    cmcdVersion: optional(whole('UInt8', 'version of CMCD (`v`); null: the request said nothing')),
    contentId: optional(text('the content by the name its player gives it (`cid`)', 64)),
    playerState: optional(label('state of the player in one letter (`sta`); d: not asked to play yet', 1)),
    streamingFormat: optional(label('h HLS, d DASH, s smooth, o other (`sf`)', 8)),
    streamType: optional(label('v on demand, l live, ll low latency (`st`)', 8)),
    startup: optional(flag('needed at once: at the start, after a seek or a stall (`su`)')),
    starved: optional(flag('the buffer had run empty (`bs`)')),
    throughputKbps: optional(whole('UInt32', 'as the player measured it (`mtp`)')),
    otherKeys: text('keys not known here, as `key=value`; of custom ones the names alone', 500),
  },
})

const by = 'server'
export const segmentServed = defineEvent(deliveryEvents, {
  type: 'delivery.segment.served',
  version: 1,
  by,
  description: 'A piece of a title was sent, whole or in part, or confirmed as what the client has.',
  fields: {
    track: label('the rendition by its folder: `v720`, `audio`'),
    mediaKind: oneOf(['video', 'audio'], 'what it holds'),
    heightPx: optional(whole('UInt16', 'height of the picture')),
    segmentIndex: whole('UInt32', 'number of the piece in its rendition'),
    startMs: optional(whole('UInt32', 'where in the content it begins; null: not known any more')),
    endMs: optional(whole('UInt32', 'where in the content it ends')),
    sizeBytes: whole('UInt64', 'the whole piece'),
    whole: flag('all of it reached the connection, or the client has it'),
    rate: optional(real('playback rate (`pr`)', { minimum: 0, maximum: 100 })),
    bitrateKbps: optional(whole('UInt32', 'bitrate of the rendition as the player knows it (`br`)')),
    topKbps: optional(whole('UInt32', 'highest bitrate the player may choose (`tb`)')),
    requestedKbps: optional(whole('UInt32', 'throughput asked for (`rtp`)')),
    bufferMs: optional(whole('UInt32', 'media buffered ahead (`bl`)')),
    deadlineMs: optional(whole('UInt32', 'until the buffer runs empty (`dl`)')),
    objectMs: optional(whole('UInt32', 'playing time of the piece as the player knows it (`d`)')),
    objectType: optional(label('v video, a audio, av both, i init, m manifest and others (`ot`)', 8)),
  },
})
export const manifestServed = defineEvent(deliveryEvents, {
  type: 'delivery.manifest.served',
  version: 1,
  by,
  description:
    'A manifest or playlist was sent, or confirmed: somebody came to play, whatever their cache holds.',
  fields: {},
})

export const delivery = [segmentServed, manifestServed] as const
