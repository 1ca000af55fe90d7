/** What the steps of a job work with: the encoder, the places files lie, and the job as it changes. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { EventDefinition, StoredEvent } from '#events/define.ts'
import { serverEvent } from '#events/registry.ts'
import type { Job } from '#playback/job.ts'
import type { JobStore } from '#playback/records.ts'
import type { Sandbox } from '#playback/sandboxing/sandbox.ts'
import type { Encoder } from '#playback/transcode/encoder.ts'
import type { SourceLimits } from '#playback/transcode/judge.ts'
import type { MediaStore } from '#storage/media/media-store.ts'

export type TitlePort = {
  setStatus(
    tenantId: string,
    titleId: string,
    status: 'processing' | 'ready' | 'failed',
    details?: { durationMs?: number },
  ): Promise<void>
}
export type Workshop = {
  readonly encoder: Encoder
  readonly sandbox: Sandbox
  readonly media: MediaStore
  readonly store: JobStore
  readonly catalog: TitlePort
  readonly clock: Clock
  readonly newId: () => string
  readonly limits: SourceLimits
  readonly log: Log
  /** Uploads and sources: `<sources>/<jobId>`. */
  readonly sources: string
  /** Half-made things; emptied at start. */
  readonly work: string
  /** Called after each change of a job, kept or only shown. */
  readonly onChange: (job: Job) => void
  /** Called when events wait to be said. */
  readonly onEvents: () => void
}

export const sourceOf = (shop: Workshop, jobId: string): string => path.join(shop.sources, jobId)
/** Takes a source away, with the note the upload kept beside it. */
export async function removeSource(shop: Workshop, jobId: string): Promise<void> {
  await rm(sourceOf(shop, jobId), { force: true })
  await rm(`${sourceOf(shop, jobId)}.json`, { force: true })
}

export const benchOf = (shop: Workshop, jobId: string): string => path.join(shop.work, jobId)

export type Happened = { readonly definition: EventDefinition; readonly data: Record<string, unknown> }

/** The job in the hands of one worker: kept changes go to the records with their events, shown ones only to listeners. */
export type JobHandle = {
  readonly job: Job
  readonly signal: AbortSignal
  keep(patch: Partial<Job>, happened?: readonly Happened[]): Promise<void>
  show(patch: Partial<Job>): void
}

export function eventsOf(shop: Workshop, job: Job, happened: readonly Happened[]): StoredEvent[] {
  return happened.map(({ definition, data }) =>
    serverEvent(definition, shop.clock.now(), shop.newId(), {
      tenantId: job.tenantId,
      jobId: job.id,
      titleId: job.titleId,
      ...data,
    }),
  )
}

export function handleOf(shop: Workshop, first: Job, signal: AbortSignal): JobHandle {
  let job = first
  const next = (patch: Partial<Job>): Job => ({ ...job, ...patch, updatedAt: shop.clock.now() })
  return {
    get job() {
      return job
    },
    signal,
    async keep(patch, happened = []) {
      signal.throwIfAborted()
      const changed = next(patch)
      await shop.store.save(changed, eventsOf(shop, changed, happened))
      job = changed
      shop.onChange(job)
      if (happened.length > 0) shop.onEvents()
    },
    show(patch) {
      job = next(patch)
      shop.onChange(job)
    },
  }
}
