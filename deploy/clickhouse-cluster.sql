-- The warehouse's tables on a ClickHouse cluster. Written by npm run contract from the definitions in events/ and
-- pipelines/; run it once, and again with a new version: it only adds what is not there. Every server needs the macros
-- cluster, shard and replica, and a Keeper. See docs/operating.md.

CREATE DATABASE IF NOT EXISTS streamverse ON CLUSTER '{cluster}';

CREATE TABLE IF NOT EXISTS streamverse.playback_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  sid String COMMENT 'the view',
  playerId String COMMENT 'one player instance: splits a view id used by two tabs',
  seq UInt32 COMMENT 'counts reports of this view in this player from 0',
  viewerKey Nullable(String) COMMENT 'pseudonymous viewer; null for kids and strangers',
  titleId String COMMENT 'the title',
  state LowCardinality(String) COMMENT 'the state of the player after this event',
  playheadMs UInt32 COMMENT 'position in the content',
  rate Float64 COMMENT 'playback rate',
  visible Bool COMMENT 'the player was on screen in a foreground tab',
  deviceKind LowCardinality(String) COMMENT 'kind of device',
  playerName LowCardinality(String) COMMENT 'name of the player',
  playerVersion LowCardinality(String) COMMENT 'version of the player',
  surface LowCardinality(String) COMMENT 'where the player stood; previews are not views',
  bitrateKbps Nullable(UInt32) COMMENT 'bitrate of the video rendition playing',
  videoHeightPx Nullable(UInt16) COMMENT 'height of the rendition playing',
  playerHeightPx Nullable(UInt16) COMMENT 'height of the player on screen',
  videoWidthPx Nullable(UInt16) COMMENT 'width of the rendition playing',
  playerWidthPx Nullable(UInt16) COMMENT 'width of the player on screen',
  liveLatencyMs Nullable(UInt32) COMMENT 'live only: now minus the programme time at the playhead; says that the view is live',
  bufferMs Nullable(UInt32) COMMENT 'media buffered ahead of the playhead',
  recommendationId Nullable(String) COMMENT 'the slate that led here',
  experiments Array(LowCardinality(String)) COMMENT '`experiment:arm` pairs the viewer was in',
  bot Bool COMMENT 'set by the collector for automated clients: kept, not counted',
  kids Bool COMMENT 'from a kids profile: aggregates only',
  own Nullable(Bool) COMMENT 'the viewer is the creator of the title; from the grant',
  staff Nullable(Bool) COMMENT 'the viewer works for the tenant: a creator or an operator; from the grant',
  intent LowCardinality(Nullable(String)) COMMENT 'what asked for playback',
  startupMs Nullable(UInt32) COMMENT 'from intent to first frame as the player measured it',
  intervalMs Nullable(UInt32) COMMENT 'the timer',
  errorCode LowCardinality(Nullable(String)) COMMENT 'stable code of the error',
  errorMessage Nullable(String) COMMENT 'what the player said',
  fatal Nullable(Bool) COMMENT 'playback cannot go on',
  business Nullable(Bool) COMMENT 'a rule, not a fault: geography, entitlement',
  endReason LowCardinality(Nullable(String)) COMMENT 'why it ended',
  reportKind LowCardinality(Nullable(String)) COMMENT 'the event reported (`e`): ps, t, bc, e, pr and others',
  reportState LowCardinality(Nullable(String)) COMMENT 'the state reported (`sta`) in one letter; null where the report says none',
  playheadKnown Nullable(Bool) COMMENT 'the player said its position; else `playheadMs` is 0 and says nothing',
  startDelayMs Nullable(UInt32) COMMENT 'from loading to the first frame (`msd`)',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, sid, derivedAt, seq, eventId)
TTL toDateTime(derivedAt) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Everything a player reports, in order within a view.';

CREATE TABLE IF NOT EXISTS streamverse.playback_events ON CLUSTER '{cluster}' AS streamverse.playback_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'playback_events_local', cityHash64(tenantId, sid));

CREATE TABLE IF NOT EXISTS streamverse.discovery_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  viewerKey Nullable(String) COMMENT 'pseudonymous viewer; null for kids and strangers',
  slateId String COMMENT 'the slate: one answer of the recommender',
  surface LowCardinality(String) COMMENT 'where it was shown',
  experiments Array(LowCardinality(String)) COMMENT '`experiment:arm` pairs the viewer was in',
  modelName LowCardinality(Nullable(String)) COMMENT 'model that ranked, `popularity` when there is none',
  modelVersion LowCardinality(Nullable(String)) COMMENT 'version of that model',
  titleIds Array(String) COMMENT 'titles served, in order of the page',
  rowKeys Array(LowCardinality(String)) COMMENT 'row of each slot',
  positions Array(UInt32) COMMENT 'position of each slot in its row',
  scores Array(Float32) COMMENT 'the ranker\'s score of each slot',
  sources Array(LowCardinality(String)) COMMENT 'candidate source of each slot',
  servedMs Nullable(UInt32) COMMENT 'time the answer took',
  titleId Nullable(String) COMMENT 'the title in the slot',
  rowKey LowCardinality(Nullable(String)) COMMENT 'the row of the page, e.g. `for-you`',
  position Nullable(UInt16) COMMENT 'place in the row, from 0',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, slateId, derivedAt, eventId)
TTL toDateTime(derivedAt) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Slates served, thumbnails seen, clicked and dismissed.';

CREATE TABLE IF NOT EXISTS streamverse.discovery_events ON CLUSTER '{cluster}' AS streamverse.discovery_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'discovery_events_local', cityHash64(tenantId, slateId));

CREATE TABLE IF NOT EXISTS streamverse.feedback_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  viewerKey String COMMENT 'pseudonymous viewer',
  titleId Nullable(String) COMMENT 'the title',
  stars Nullable(UInt8) COMMENT '1 to 5, 0 takes the rating back',
  queryText Nullable(String) COMMENT 'what was typed',
  resultCount Nullable(UInt32) COMMENT 'titles found',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, viewerKey, derivedAt, eventId)
TTL toDateTime(derivedAt) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Ratings, lists, "not interested" and searches.';

CREATE TABLE IF NOT EXISTS streamverse.feedback_events ON CLUSTER '{cluster}' AS streamverse.feedback_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'feedback_events_local', cityHash64(tenantId, viewerKey));

CREATE TABLE IF NOT EXISTS streamverse.catalog_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  titleId String COMMENT 'the title',
  name Nullable(String) COMMENT 'display name',
  description Nullable(String) COMMENT 'what it is about',
  creatorId Nullable(String) COMMENT 'who made it',
  genres Array(LowCardinality(String)) COMMENT 'genres, the main one first',
  status LowCardinality(Nullable(String)) COMMENT 'where it stands',
  durationMs Nullable(UInt32) COMMENT 'length of the content',
  ageRating LowCardinality(Nullable(String)) COMMENT 'e.g. `all`, `12`, `16`, `18`',
  publishedAt Nullable(DateTime64(3, 'UTC')) COMMENT 'when viewers could first see it',
  simulated Nullable(Bool) COMMENT 'part of the demo world',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, titleId, derivedAt, eventId)

SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Snapshots of titles.';

CREATE TABLE IF NOT EXISTS streamverse.catalog_events ON CLUSTER '{cluster}' AS streamverse.catalog_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'catalog_events_local', cityHash64(tenantId, titleId));

CREATE TABLE IF NOT EXISTS streamverse.media_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  jobId String COMMENT 'the transcode job',
  titleId String COMMENT 'the title it makes playable',
  sizeBytes Nullable(UInt64) COMMENT 'size of the source',
  fileName Nullable(String) COMMENT 'name the uploader gave it',
  container LowCardinality(Nullable(String)) COMMENT 'container format',
  videoCodec LowCardinality(Nullable(String)) COMMENT 'video codec',
  audioCodec LowCardinality(Nullable(String)) COMMENT 'audio codec',
  widthPx Nullable(UInt16) COMMENT 'width',
  heightPx Nullable(UInt16) COMMENT 'height',
  durationMs Nullable(UInt32) COMMENT 'length',
  renditionHeightPx Nullable(UInt16) COMMENT 'height',
  bitrateKbps Nullable(UInt32) COMMENT 'average bitrate',
  encoder LowCardinality(Nullable(String)) COMMENT 'encoder used, `copy` when the source was repackaged',
  encodeMs Nullable(UInt32) COMMENT 'wall time it took',
  renditionCount Nullable(UInt8) COMMENT 'rungs',
  totalMs Nullable(UInt32) COMMENT 'from received to published',
  reasonCode LowCardinality(Nullable(String)) COMMENT 'stable code of the refusal',
  reason Nullable(String) COMMENT 'what the uploader is told',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, jobId, derivedAt, eventId)
TTL toDateTime(derivedAt) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Uploads and transcodes, step by step.';

CREATE TABLE IF NOT EXISTS streamverse.media_events ON CLUSTER '{cluster}' AS streamverse.media_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'media_events_local', cityHash64(tenantId, jobId));

CREATE TABLE IF NOT EXISTS streamverse.model_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  modelName LowCardinality(String) COMMENT 'kind of model',
  modelVersion LowCardinality(String) COMMENT 'version',
  interactionCount Nullable(UInt32) COMMENT 'interactions learned from',
  trainMs Nullable(UInt32) COMMENT 'wall time',
  dataHash Nullable(String) COMMENT 'hash of the training set',
  metric LowCardinality(Nullable(String)) COMMENT 'e.g. `ndcg@10`',
  value Nullable(Float64) COMMENT 'the metric',
  low Nullable(Float64) COMMENT 'lower end of its 95 % interval',
  high Nullable(Float64) COMMENT 'upper end of its 95 % interval',
  against LowCardinality(Nullable(String)) COMMENT 'model it was compared with',
  difference Nullable(Float64) COMMENT 'paired difference to it',
  differenceLow Nullable(Float64) COMMENT 'lower end of the 95 % interval of the difference',
  previousVersion LowCardinality(Nullable(String)) COMMENT 'version it replaces',
  by Nullable(String) COMMENT 'who did it',
  share Nullable(Float64) COMMENT 'share of the viewers, 0 to 0.5',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, modelName, derivedAt, eventId)

SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Training, evaluation, promotion and roll-back of models.';

CREATE TABLE IF NOT EXISTS streamverse.model_events ON CLUSTER '{cluster}' AS streamverse.model_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'model_events_local', cityHash64(tenantId, modelName));

CREATE TABLE IF NOT EXISTS streamverse.delivery_requests_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  sid Nullable(String) COMMENT 'the name the player gave its view; null where it gave none',
  titleId String COMMENT 'the title',
  bytes UInt64 COMMENT 'bytes of the file that were sent',
  status UInt16 COMMENT 'HTTP status: 200, 206 or 304',
  durationMs UInt32 COMMENT 'from the request to the end of the answer',
  bot Bool COMMENT 'asked for by an automated client: kept, not counted',
  cmcdVersion Nullable(UInt8) COMMENT 'version of CMCD (`v`); null: the request said nothing',
  contentId Nullable(String) COMMENT 'the content by the name its player gives it (`cid`)',
  playerState LowCardinality(Nullable(String)) COMMENT 'state of the player in one letter (`sta`); d: not asked to play yet',
  streamingFormat LowCardinality(Nullable(String)) COMMENT 'h HLS, d DASH, s smooth, o other (`sf`)',
  streamType LowCardinality(Nullable(String)) COMMENT 'v on demand, l live, ll low latency (`st`)',
  startup Nullable(Bool) COMMENT 'needed at once: at the start, after a seek or a stall (`su`)',
  starved Nullable(Bool) COMMENT 'the buffer had run empty (`bs`)',
  throughputKbps Nullable(UInt32) COMMENT 'as the player measured it (`mtp`)',
  otherKeys String COMMENT 'keys not known here, as `key=value`; of custom ones the names alone',
  track LowCardinality(Nullable(String)) COMMENT 'the rendition by its folder: `v720`, `audio`',
  mediaKind LowCardinality(Nullable(String)) COMMENT 'what it holds',
  heightPx Nullable(UInt16) COMMENT 'height of the picture',
  segmentIndex Nullable(UInt32) COMMENT 'number of the piece in its rendition',
  startMs Nullable(UInt32) COMMENT 'where in the content it begins; null: not known any more',
  endMs Nullable(UInt32) COMMENT 'where in the content it ends',
  sizeBytes Nullable(UInt64) COMMENT 'the whole piece',
  whole Nullable(Bool) COMMENT 'all of it reached the connection, or the client has it',
  rate Nullable(Float64) COMMENT 'playback rate (`pr`)',
  bitrateKbps Nullable(UInt32) COMMENT 'bitrate of the rendition as the player knows it (`br`)',
  topKbps Nullable(UInt32) COMMENT 'highest bitrate the player may choose (`tb`)',
  requestedKbps Nullable(UInt32) COMMENT 'throughput asked for (`rtp`)',
  bufferMs Nullable(UInt32) COMMENT 'media buffered ahead (`bl`)',
  deadlineMs Nullable(UInt32) COMMENT 'until the buffer runs empty (`dl`)',
  objectMs Nullable(UInt32) COMMENT 'playing time of the piece as the player knows it (`d`)',
  objectType LowCardinality(Nullable(String)) COMMENT 'v video, a audio, av both, i init, m manifest and others (`ot`)',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, titleId, derivedAt, eventId)
TTL toDateTime(derivedAt) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Requests for media as the origin answered them, with what CMCD (request mode, v1 and v2) said.';

CREATE TABLE IF NOT EXISTS streamverse.delivery_requests ON CLUSTER '{cluster}' AS streamverse.delivery_requests_local
ENGINE = Distributed('{cluster}', 'streamverse', 'delivery_requests_local', cityHash64(tenantId, titleId));

CREATE TABLE IF NOT EXISTS streamverse.dead_letters_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  reason LowCardinality(Nullable(String)) COMMENT 'one of the closed list of reasons',
  detail Nullable(String) COMMENT 'which field and why',
  claimedType LowCardinality(Nullable(String)) COMMENT 'type the sender gave',
  schema LowCardinality(Nullable(String)) COMMENT '`type@version` it was checked against; null when it did not come so far',
  body Nullable(String) COMMENT 'the raw event as received, up to 64 KiB of it',
  bodyEncoding LowCardinality(Nullable(String)) COMMENT 'base64 where the bytes are not UTF-8',
  bodyBytes Nullable(UInt32) COMMENT 'how many bytes were received; more than kept when it was cut',
  context Nullable(String) COMMENT 'what its batch said of it and its grant, as JSON: enough to take it again',
  letterId Nullable(String) COMMENT 'event id of the letter',
  outcome LowCardinality(Nullable(String)) COMMENT 'stored; present: its event was there already; failed: it stays, with a new reason',
  replayedBy LowCardinality(Nullable(String)) COMMENT 'who had it replayed',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, derivedAt, eventId)
TTL toDateTime(derivedAt) + INTERVAL 90 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'Events that were refused one by one, with reason and raw bytes.';

CREATE TABLE IF NOT EXISTS streamverse.dead_letters ON CLUSTER '{cluster}' AS streamverse.dead_letters_local
ENGINE = Distributed('{cluster}', 'streamverse', 'dead_letters_local', cityHash64(tenantId, eventId));

CREATE TABLE IF NOT EXISTS streamverse.ledger_events_local ON CLUSTER '{cluster}' (
  eventId String COMMENT 'UUIDv7 made by the producer: the idempotency key',
  type LowCardinality(String) COMMENT '`<domain>.<entity>.<past verb>`',
  version UInt8 COMMENT 'version of this type of event',
  tenantId String COMMENT 'the tenant the event belongs to',
  createdAt DateTime64(3, 'UTC') COMMENT 'when it happened, by the producer\'s clock',
  sentAt DateTime64(3, 'UTC') COMMENT 'when the batch left, by the producer\'s clock',
  receivedAt DateTime64(3, 'UTC') COMMENT 'when the collector received it',
  derivedAt DateTime64(3, 'UTC') COMMENT 'when it happened, corrected for clock skew: the time every figure uses',
  sourceFormat LowCardinality(String) COMMENT 'how it reached us',
  runId String COMMENT 'the collector that counted, from its start to its end',
  minuteAt DateTime64(3, 'UTC') COMMENT 'begin of the minute of `receivedAt` that is counted',
  page UInt32 COMMENT 'counts begin at zero with each page; a minute is the sum of its pages',
  sequence UInt32 COMMENT 'which word of the run this is; the last one of a page holds',
  accepted Nullable(UInt64) COMMENT 'events of batches that were taken: stored, duplicate or set aside',
  stored Nullable(UInt64) COMMENT 'events added to the log',
  duplicate Nullable(UInt64) COMMENT 'events that had been stored a moment ago',
  reusedId Nullable(UInt64) COMMENT 'part of stored: an id used again for another payload',
  deadLettered Nullable(UInt64) COMMENT 'events set aside as dead letters',
  unsure Nullable(UInt64) COMMENT 'events of batches that were refused while being written: some may be there',
  reasons Array(LowCardinality(String)) COMMENT 'reasons of the dead letters',
  reasonCounts Array(UInt32) COMMENT 'dead letters by reason, in the order of `reasons`',
  logId LowCardinality(String) COMMENT 'identity of the event log',
  logPartition UInt16 COMMENT 'partition of the event log',
  logOffset UInt64 COMMENT 'offset in the partition',
  INDEX byOffset logOffset TYPE minmax GRANULARITY 1,
  INDEX byDerived derivedAt TYPE minmax GRANULARITY 1,
  INDEX byReceived receivedAt TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(derivedAt)
ORDER BY (tenantId, minuteAt, runId, page, sequence)
TTL toDateTime(derivedAt) + INTERVAL 90 DAY
SETTINGS replicated_deduplication_window = 2000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864
COMMENT 'What the collector says it took in, by tenant and minute. Does not count itself.';

CREATE TABLE IF NOT EXISTS streamverse.ledger_events ON CLUSTER '{cluster}' AS streamverse.ledger_events_local
ENGINE = Distributed('{cluster}', 'streamverse', 'ledger_events_local', cityHash64(tenantId, runId));

CREATE TABLE IF NOT EXISTS streamverse.views_local ON CLUSTER '{cluster}' (tenantId String COMMENT 'the tenant',
sid String COMMENT 'the view',
playerId String COMMENT 'the player instance',
titleId String COMMENT 'the title',
viewerKey Nullable(String) COMMENT 'pseudonymous viewer; null for kids and strangers',
startedAt DateTime64(3, 'UTC') COMMENT 'play intent',
firstFrameAt Nullable(DateTime64(3, 'UTC')) COMMENT 'first frame of anything',
endedAt DateTime64(3, 'UTC') COMMENT 'last sign of life',
endReason LowCardinality(String) COMMENT 'completed, stopped, failed, unloaded, dropped, open',
lastState LowCardinality(String) COMMENT 'what the player did after the last event; waiting in a seek is seeking',
waitingSince Nullable(DateTime64(3, 'UTC')) COMMENT 'begin of the stall that goes on after the last event',
intervalMs UInt32 COMMENT 'longest time between reports the player promised',
isPlay Bool COMMENT 'a first frame was shown',
startupMs Nullable(UInt32) COMMENT 'from intent to first frame',
contentStartupMs Nullable(UInt32) COMMENT 'from intent to first content frame, without the ads before it',
watchMs UInt32 COMMENT 'playing, rebuffering and seeking after the first frame',
playingMs UInt32 COMMENT 'rendering only',
visibleMs UInt32 COMMENT 'of the watch time: on screen in a foreground tab',
adMs UInt32 COMMENT 'ads shown; the content stands still',
adRebufferMs UInt32 COMMENT 'waiting for ads',
rebufferMs UInt32 COMMENT 'waiting after the first frame, not seeking, not paused',
rebufferCount UInt32 COMMENT 'times it waited',
seekCount UInt32 COMMENT 'seeks; scrubs less than 250 ms apart are one',
seekMs UInt32 COMMENT 'time spent seeking',
loopCount UInt32 COMMENT 'times it began again: went back while playing without a seek, or played on after its end',
startFailure Bool COMMENT 'fatal error before the first frame',
playbackFailure Bool COMMENT 'fatal error at any time',
businessFailure Bool COMMENT 'ended by a rule: geography, entitlement',
exitBeforeStart Bool COMMENT 'left before the first frame, no failure',
exitWaitMs Nullable(UInt32) COMMENT 'how long those waited',
droppedBeforeStart Bool COMMENT 'no first frame, no failure, no end',
contentMs UInt32 COMMENT 'content watched, each part once',
watchedFrom Array(UInt32) COMMENT 'begins of the parts watched, ms, merged and sorted',
watchedTo Array(UInt32) COMMENT 'ends of the parts watched',
playedFrom Array(UInt32) COMMENT 'begins of everything played, in order, repeats included',
playedTo Array(UInt32) COMMENT 'ends of everything played',
stallAtMs Array(UInt32) COMMENT 'where it waited',
stallMs Array(UInt32) COMMENT 'how long it waited there',
stallHeightPx Array(UInt16) COMMENT 'height of the rendition it waited for; 0 where the player did not say',
bitrateKbps Nullable(Float64) COMMENT 'bitrate weighted by time played',
bitrateTime UInt64 COMMENT 'bitrate x time played, kbps x ms',
bitrateMs UInt32 COMMENT 'time played at a known bitrate',
upscaleTime UInt64 COMMENT 'upscaling x time played, millionths x ms',
downscaleTime UInt64 COMMENT 'downscaling x time played, millionths x ms',
upscaleMost UInt32 COMMENT 'most the picture was blown up, millionths',
scaledMs UInt32 COMMENT 'time played at known sizes of picture and player',
liveLatencyTime UInt64 COMMENT 'live: latency x time played, ms x ms',
liveMs UInt32 COMMENT 'live: time played at a known latency of at most 5 min',
live Bool COMMENT 'the player said a live latency',
videoHeightPx Nullable(UInt16) COMMENT 'tallest rendition shown',
deviceKind LowCardinality(String) COMMENT 'kind of device',
playerName LowCardinality(String) COMMENT 'name of the player',
surface LowCardinality(String) COMMENT 'where the player stood',
recommendationId Nullable(String) COMMENT 'the slate that led here',
experiments Array(String) COMMENT '`experiment:arm` pairs',
activeFrom Array(Int64) COMMENT 'begins of the times somebody was there, epoch ms, merged and sorted',
activeTo Array(Int64) COMMENT 'ends of those times',
bot Bool COMMENT 'an automated client: program, impossible or rushed',
program Bool COMMENT 'events came from a program or a data centre',
impossible Bool COMMENT 'watched longer than the time from its first to its last event',
rushed Bool COMMENT 'its viewer began or watched more within the hour than a person can',
own Bool COMMENT 'the viewer is the creator of the title',
staff Bool COMMENT 'the viewer works for the tenant',
kids Bool COMMENT 'a kids profile',
eventCount UInt32 COMMENT 'distinct events',
lostCount UInt32 COMMENT 'events missing from the count of the player',
reusedIds UInt32 COMMENT 'events kept although their id was used before for another',
builtBy UInt16 COMMENT 'version of the rules it was built by',
revision UInt64 COMMENT 'grows with the set of events, and with the version of the rules',
INDEX byStart startedAt TYPE minmax GRANULARITY 1,
INDEX byEnd endedAt TYPE minmax GRANULARITY 1,
INDEX byEndReason endReason TYPE set(8) GRANULARITY 1,
INDEX byRules builtBy TYPE minmax GRANULARITY 1)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', revision) ORDER BY (tenantId, sid, playerId)
      SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS streamverse.views ON CLUSTER '{cluster}' AS streamverse.views_local
ENGINE = Distributed('{cluster}', 'streamverse', 'views_local', cityHash64(tenantId, sid));

CREATE TABLE IF NOT EXISTS streamverse.view_marks_local ON CLUSTER '{cluster}' (logPartition UInt16, nextOffset UInt64)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', nextOffset) ORDER BY logPartition SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
    COMMENT 'how far in the log the views are built';

CREATE TABLE IF NOT EXISTS streamverse.view_marks ON CLUSTER '{cluster}' AS streamverse.view_marks_local
ENGINE = Distributed('{cluster}', 'streamverse', 'view_marks_local', cityHash64(logPartition));

CREATE TABLE IF NOT EXISTS streamverse.viewer_hours_local ON CLUSTER '{cluster}' (
      tenantId String, viewerKey String, hour Int32, sid String, playerId String, watchMs UInt32)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY (tenantId, viewerKey, hour, sid, playerId) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
    COMMENT 'views by viewer and hour of their begin; entries of views that moved stay';

CREATE TABLE IF NOT EXISTS streamverse.viewer_hours ON CLUSTER '{cluster}' AS streamverse.viewer_hours_local
ENGINE = Distributed('{cluster}', 'streamverse', 'viewer_hours_local', cityHash64(tenantId, viewerKey));

CREATE TABLE IF NOT EXISTS streamverse.flagged_hours_local ON CLUSTER '{cluster}' (tenantId String, sid String, viewerKey String, hour Int32)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY (tenantId, sid, viewerKey, hour) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
    COMMENT 'hours in which a view was once flagged for its viewer’s haste';

CREATE TABLE IF NOT EXISTS streamverse.flagged_hours ON CLUSTER '{cluster}' AS streamverse.flagged_hours_local
ENGINE = Distributed('{cluster}', 'streamverse', 'flagged_hours_local', cityHash64(tenantId, sid));

CREATE TABLE IF NOT EXISTS streamverse.late_views_local ON CLUSTER '{cluster}' (
      tenantId String, sid String, playerId String, titleId String, day Date, receivedAt DateTime64(3, 'UTC'))
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', receivedAt) ORDER BY (tenantId, day, sid, playerId) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
    COMMENT 'views that changed a day that was settled';

CREATE TABLE IF NOT EXISTS streamverse.late_views ON CLUSTER '{cluster}' AS streamverse.late_views_local
ENGINE = Distributed('{cluster}', 'streamverse', 'late_views_local', cityHash64(tenantId, sid));
