/**
 * Playback's front door: takes sources in, has them made playable, and says where to play them from. Unfinished
 * work is found in the records at start and goes on; what was half made is thrown away.
 */
import { access, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { uuidv7 } from '#base/ids.ts'
import { Refusal } from '#base/refusal.ts'
import { captionsOf, keepCaption, removeCaption } from '#playback/captions.ts'
import { openDeliveryLog } from '#playback/delivery/delivery-log.ts'
import { createTimelineBook } from '#playback/delivery/timeline.ts'
import { refusals } from '#playback/errors.ts'
import { createIntake } from '#playback/intake.ts'
import { type Job, titleKey } from '#playback/job.ts'
import {
  DEFAULT_LIMITS,
  type Playback,
  type PlaybackLimits,
  type PlaybackOptions,
  type Sources,
} from '#playback/ports.ts'
import { OUTBOX, openJobStore } from '#playback/records.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { openEncoder } from '#playback/transcode/encoder.ts'
import { createQueue, type Queue } from '#playback/transcode/queue.ts'
import { sourceOf, type Workshop } from '#playback/transcode/workshop.ts'
import { hashOf } from '#playback/upload/tokens.ts'
import { openUploads } from '#playback/upload/uploads.ts'
import { startRelay } from '#storage/records/outbox.ts'

export type { Job } from '#playback/job.ts'
export type { Playback, PlaybackLimits, PlaybackOptions, Sources, UploadTicket } from '#playback/ports.ts'

const SWEEP_MS = 3_600_000

export async function openPlayback(options: PlaybackOptions): Promise<Playback> {
  const { log, clock, media, catalog } = options
  const limits: PlaybackLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const home = path.join(options.dataDir, 'playback')
  const [sources, work] = [path.join(home, 'sources'), path.join(home, 'work')]
  await mkdir(sources, { recursive: true, mode: 0o700 })
  const store = await openJobStore(options.records)
  const sandbox = await openSandbox(options.environment ?? {})
  const { ffmpegPath = null, environment = {} } = options
  const encoder = await openEncoder({ ffmpegPath, environment, sandbox, log })
  const relay = startRelay(options.records, OUTBOX, options.say, log)
  const listeners = new Set<(job: Job) => void>()
  const shop: Workshop = {
    encoder,
    sandbox,
    media,
    store,
    catalog,
    clock,
    log,
    sources,
    work,
    newId: () => uuidv7(clock.now()),
    limits: { maxDurationMs: limits.maxDurationMs, maxBytes: limits.maxUploadBytes },
    onChange: (job) => {
      for (const listener of listeners) listener(job)
    },
    onEvents: relay.wake,
  }
  const queue = createQueue(shop, limits.concurrentJobs)
  const intake = createIntake(shop, queue, limits)
  const uploads = openUploads({
    folder: sources,
    findByToken: store.findByToken,
    received: intake.received,
    log,
  })
  const timelines = createTimelineBook((tenantId, titleId) => store.ofTitle(tenantId, titleId))
  const deliveries = openDeliveryLog({ say: options.say, timelines, clock, log })
  await intake.resume(uploads)
  await intake.sweep(uploads)
  const timer = setInterval(() => {
    intake.sweep(uploads).catch((error: unknown) => log.warn({ err: error }, 'old uploads were not swept'))
  }, SWEEP_MS)
  timer.unref()
  return {
    encoder: { name: encoder.name, codec: encoder.codec, protections: encoder.protections },
    createUpload: intake.createUpload,
    cancelUpload: intake.giveUp,
    importFile: intake.importFile,
    async job(tenantId, titleId) {
      const job = await store.latest(tenantId, titleId)
      return job === null ? null : (queue.peek(job.id) ?? job)
    },
    onJob(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    isRetriable: async (job) => job.state === 'failed' && (await hasSource(shop, job)),
    retry: (tenantId, titleId) => retry(shop, queue, tenantId, titleId),
    async remove(tenantId, titleId) {
      for (const job of await store.ofTitle(tenantId, titleId)) {
        await queue.cancel(job.id)
        await uploads.remove(job.id)
        await store.remove(job.id)
      }
      await media.deletePrefix(titleKey(tenantId, titleId))
    },
    sourcesFor: (tenantId, titleId) => sourcesOf(shop, tenantId, titleId),
    putCaption: async (tenantId, titleId, file) => {
      await keepCaption(shop, tenantId, titleId, file)
      await tellChanged(shop, queue, tenantId, titleId)
    },
    removeCaption: async (tenantId, titleId, language) => {
      await removeCaption(shop, tenantId, titleId, language)
      await tellChanged(shop, queue, tenantId, titleId)
    },
    captions: (tenantId, titleId) => captionsOf(store, tenantId, titleId),
    jobByToken: (token) => store.findByToken(hashOf(token)),
    async idle() {
      await queue.idle()
      await relay.drained()
    },
    uploads,
    media,
    witness: { note: deliveries.note, isProgram: options.isProgram ?? (() => false), clock },
    deliveries: deliveries.counts,
    deliveriesSaid: deliveries.flush,
    async close() {
      clearInterval(timer)
      await deliveries.close()
      await queue.close()
      await relay.close()
    },
  }
}

const hasSource = (shop: Workshop, job: Job): Promise<boolean> =>
  access(job.importPath ?? sourceOf(shop, job.id)).then(
    () => true,
    () => false,
  )

async function retry(shop: Workshop, queue: Queue, tenantId: string, titleId: string): Promise<Job> {
  const job = await shop.store.latest(tenantId, titleId)
  if (job === null) throw new Refusal(refusals.jobMissing, 'Nothing was uploaded for this title.')
  if (job.state !== 'failed') return job
  if (!(await hasSource(shop, job)))
    throw new Refusal(refusals.nothingToRetry, 'The source of this title is gone.')
  const again: Job = {
    ...job,
    state: job.probed === null ? 'probing' : 'transcoding',
    step: 'Waiting for its turn',
    failure: null,
    updatedAt: shop.clock.now(),
  }
  await shop.store.save(again)
  shop.onChange(again)
  if (job.publishedAt === null) await shop.catalog.setStatus(tenantId, titleId, 'processing')
  queue.add(again)
  return again
}

/** Captions changed, not the job: who remembers where to play from is to look again. */
async function tellChanged(shop: Workshop, queue: Queue, tenantId: string, titleId: string): Promise<void> {
  const job = await shop.store.latest(tenantId, titleId)
  if (job !== null) shop.onChange(queue.peek(job.id) ?? job)
}

async function sourcesOf(shop: Workshop, tenantId: string, titleId: string): Promise<Sources | null> {
  const job = await shop.store.playable(tenantId, titleId)
  if (job === null) return null
  const base = `/media/${tenantId}/${titleId}`
  return {
    hlsUrl: `${base}/master.m3u8`,
    dashUrl: `${base}/manifest.mpd`,
    posterUrl: `${base}/${job.posterPath ?? 'poster.jpg'}`,
    storyboardUrl: job.storyboardPath === null ? null : `${base}/${job.storyboardPath}`,
    captions: await captionsOf(shop.store, tenantId, titleId),
    renditions: job.renditions,
    durationMs: job.durationMs,
  }
}
