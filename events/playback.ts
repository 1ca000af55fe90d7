/** What happens while a title plays. One view (`sid`) is one playback attempt of one title in one player. */
import {
  defineEvent,
  defineStream,
  type EventOf,
  flag,
  id,
  label,
  labels,
  oneOf,
  optional,
  real,
  text,
  whole,
} from '#events/define.ts'

export const PLAYER_STATES = [
  'joining',
  'playing',
  'paused',
  'rebuffering',
  'seeking',
  'ad',
  'ended',
  'failed',
  'quit',
] as const
export type PlayerState = (typeof PLAYER_STATES)[number]

export const playbackEvents = defineStream({
  name: 'playback.events.v1',
  table: 'playback_events',
  key: 'sid',
  partitions: 2,
  orderBy: ['tenantId', 'sid', 'derivedAt', 'seq', 'eventId'],
  retentionDays: 400,
  description: 'Everything a player reports, in order within a view.',
  common: {
    sid: id('the view'),
    playerId: id('one player instance: splits a view id used by two tabs'),
    seq: whole('UInt32', 'counts reports of this view in this player from 0'),
    viewerKey: optional(id('pseudonymous viewer; null for kids and strangers')),
    titleId: id('the title'),
    state: oneOf([...PLAYER_STATES], 'the state of the player after this event'),
    playheadMs: whole('UInt32', 'position in the content'),
    rate: real('playback rate', { minimum: 0, maximum: 16 }),
    visible: flag('the player was on screen in a foreground tab'),
    deviceKind: oneOf(['desktop', 'phone', 'tablet', 'tv', 'other'], 'kind of device'),
    playerName: label('name of the player'),
    playerVersion: label('version of the player'),
    surface: oneOf(['watch', 'preview', 'embed'], 'where the player stood; previews are not views'),
    bitrateKbps: optional(whole('UInt32', 'bitrate of the video rendition playing')),
    videoHeightPx: optional(whole('UInt16', 'height of the rendition playing')),
    playerHeightPx: optional(whole('UInt16', 'height of the player on screen')),
    videoWidthPx: optional(whole('UInt16', 'width of the rendition playing')),
    playerWidthPx: optional(whole('UInt16', 'width of the player on screen')),
    liveLatencyMs: optional(
      whole('UInt32', 'live only: now minus the programme time at the playhead; says that the view is live'),
    ),
    bufferMs: optional(whole('UInt32', 'media buffered ahead of the playhead')),
    recommendationId: optional(id('the slate that led here')),
    experiments: labels('`experiment:arm` pairs the viewer was in'),
    bot: flag('set by the collector for automated clients: kept, not counted'),
    kids: flag('from a kids profile: aggregates only'),
    own: optional(flag('the viewer is the creator of the title; from the grant')),
    staff: optional(flag('the viewer works for the tenant: a creator or an operator; from the grant')),
  },
})

const by = 'player'
export const viewRequested = defineEvent(playbackEvents, {
  type: 'playback.view.requested',
  version: 1,
  by,
  description: 'Play intent: a click or an autoplay. Starts the view.',
  fields: { intent: oneOf(['click', 'autoplay'], 'what asked for playback') },
})
export const viewStarted = defineEvent(playbackEvents, {
  type: 'playback.view.started',
  version: 1,
  by,
  description: 'The first frame of anything was shown.',
  fields: {
    startupMs: optional(
      whole('UInt32', 'from intent to first frame as the player measured it', { maximum: 3_600_000 }),
    ),
  },
})
export const stateChanged = defineEvent(playbackEvents, {
  type: 'playback.state.changed',
  version: 1,
  by,
  description: 'The player entered `state`.',
  fields: {},
})
export const heartbeatSent = defineEvent(playbackEvents, {
  type: 'playback.heartbeat.sent',
  version: 1,
  by,
  description: 'A report on a timer, so that a lost end costs little.',
  fields: { intervalMs: whole('UInt32', 'the timer', { minimum: 250, maximum: 120_000 }) },
})
export const renditionChanged = defineEvent(playbackEvents, {
  type: 'playback.rendition.changed',
  version: 1,
  by,
  description: 'Another rendition is on screen (`bitrateKbps`, `videoHeightPx`).',
  fields: {},
})
export const seekStarted = defineEvent(playbackEvents, {
  type: 'playback.seek.started',
  version: 1,
  by,
  description: 'A seek began; `playheadMs` is the position left.',
  fields: {},
})
export const seekEnded = defineEvent(playbackEvents, {
  type: 'playback.seek.ended',
  version: 1,
  by,
  description: 'A seek ended; `playheadMs` is the position reached.',
  fields: {},
})
export const errorRaised = defineEvent(playbackEvents, {
  type: 'playback.error.raised',
  version: 1,
  by,
  description: 'Playback met an error.',
  fields: {
    errorCode: label('stable code of the error'),
    errorMessage: optional(text('what the player said')),
    fatal: flag('playback cannot go on'),
    business: flag('a rule, not a fault: geography, entitlement'),
  },
})
export const viewEnded = defineEvent(playbackEvents, {
  type: 'playback.view.ended',
  version: 1,
  by,
  description: 'The view is over.',
  fields: { endReason: oneOf(['completed', 'stopped', 'failed', 'unloaded'], 'why it ended') },
})
export const reportHeard = defineEvent(playbackEvents, {
  type: 'playback.report.heard',
  version: 1,
  by,
  description:
    'One report of a CMCD v2 player by itself: `seq` is its own count (`sn`), `state` and `playheadMs` what it says ' +
    'alone, joining and 0 where it does not. What happened follows from all reports of a view together.',
  fields: {
    reportKind: label('the event reported (`e`): ps, t, bc, e, pr and others', 16),
    reportState: optional(
      label('the state reported (`sta`) in one letter; null where the report says none', 1),
    ),
    playheadKnown: flag('the player said its position; else `playheadMs` is 0 and says nothing'),
    startDelayMs: optional(whole('UInt32', 'from loading to the first frame (`msd`)')),
    errorCode: optional(label('stable code of the error')),
  },
})

export const playback = [
  viewRequested,
  viewStarted,
  stateChanged,
  heartbeatSent,
  renditionChanged,
  seekStarted,
  seekEnded,
  errorRaised,
  viewEnded,
  reportHeard,
] as const

export type PlaybackEvent =
  | EventOf<typeof viewRequested>
  | EventOf<typeof viewStarted>
  | EventOf<typeof stateChanged>
  | EventOf<typeof heartbeatSent>
  | EventOf<typeof renditionChanged>
  | EventOf<typeof seekStarted>
  | EventOf<typeof seekEnded>
  | EventOf<typeof errorRaised>
  | EventOf<typeof viewEnded>
  | EventOf<typeof reportHeard>
