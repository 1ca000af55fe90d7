/**
 * Playback's front door: takes sources in, has them made playable, and says where to play them from. Unfinished
 * work is found in the records at start and goes on; what was half made is thrown away.
 */
import { access, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { uuidv7 } from '#base/ids.ts'
import { Refusal } from '#base/refusal.ts'
import { keepCaption } from '#playback/captions.ts'
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
import { openJobStore } from '#playback/records.ts'
import { createRelay } from '#playback/relay.ts'
import { openSandbox } from '#playback/sandboxing/sandbox.ts'
import { openEncoder } from '#playback/transcode/encoder.ts'
import { createQueue, type Queue } from '#playback/transcode/queue.ts'
import { sourceOf, type Workshop } from '#playback/transcode/workshop.ts'
import { hashOf } from '#playback/upload/tokens.ts'
import { openUploads } from '#playback/upload/uploads.ts'

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
  const relay = createRelay(store, options.say, log)
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
  relay.wake()
  await intake.resume(uploads)
  await intake.sweep(uploads)
  const timer = setInterval(() => {
    intake.sweep(uploads).catch((error: unknown) => log.warn({ err: error }, 'old uploads were not swept'))
  }, SWEEP_MS)
  timer.unref()
  return {
    encoder: { name: encoder.name, codec: encoder.codec, protections: encoder.protections },
    createUpload: intake.createUpload,
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
    putCaption: (tenantId, titleId, file) => keepCaption(shop, tenantId, titleId, file),
    jobByToken: (token) => store.findByToken(hashOf(token)),
    idle: queue.idle,
    uploads,
    media,
    async close() {
      clearInterval(timer)
      await queue.close()
      await relay.close()
    },
  }
}

async function retry(shop: Workshop, queue: Queue, tenantId: string, titleId: string): Promise<Job> {
  const job = await shop.store.latest(tenantId, titleId)
  if (job === null) throw new Refusal(refusals.jobMissing, 'Nothing was uploaded for this title.')
  if (job.state !== 'failed') return job
  const source = job.importPath ?? sourceOf(shop, job.id)
  const here = await access(source).then(
    () => true,
    () => false,
  )
  if (!here) throw new Refusal(refusals.nothingToRetry, 'The source of this title is gone.')
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

async function sourcesOf(shop: Workshop, tenantId: string, titleId: string): Promise<Sources | null> {
  const job = await shop.store.playable(tenantId, titleId)
  if (job === null) return null
  const base = `/media/${tenantId}/${titleId}`
  const brought = await shop.store.captions(tenantId, titleId)
  const spoken = new Set(brought.map(({ language }) => language))
  const captions = [...brought, ...job.captions.filter(({ language }) => !spoken.has(language))]
  return {
    hlsUrl: `${base}/master.m3u8`,
    dashUrl: `${base}/manifest.mpd`,
    posterUrl: `${base}/${job.posterPath ?? 'poster.jpg'}`,
    storyboardUrl: job.storyboardPath === null ? null : `${base}/${job.storyboardPath}`,
    captions: captions.map((caption) => ({
      language: caption.language,
      label: caption.label,
      url: `${base}/${caption.path}`,
    })),
    renditions: job.renditions,
    durationMs: job.durationMs,
  }
}
