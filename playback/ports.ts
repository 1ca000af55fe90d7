/** The shapes playback is opened with and answers in. */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { CaptionFile, TitleCaption } from '#playback/captions.ts'
import type { DeliveryCounts } from '#playback/delivery/delivery-log.ts'
import type { Witness } from '#playback/delivery/follow.ts'
import type { Clip, Job } from '#playback/job.ts'
import type { Environment } from '#playback/sandboxing/sandbox.ts'
import type { TitlePort } from '#playback/transcode/workshop.ts'
import type { Uploads } from '#playback/upload/uploads.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import type { Say } from '#storage/records/outbox.ts'
import type { Records } from '#storage/records/records.ts'

export type PlaybackLimits = {
  readonly maxUploadBytes: number
  readonly maxDurationMs: number
  /** An upload not finished by then is given up. */
  readonly uploadMs: number
  /** Kept free on the disk whatever is uploaded. */
  readonly spareBytes: number
  readonly concurrentJobs: number
}
export const DEFAULT_LIMITS: PlaybackLimits = {
  maxUploadBytes: 20_000_000_000,
  maxDurationMs: 6 * 3_600_000,
  uploadMs: 48 * 3_600_000,
  spareBytes: 500_000_000,
  concurrentJobs: 1,
}
export type PlaybackOptions = {
  readonly records: Records
  readonly media: MediaStore
  readonly say: Say
  readonly clock: Clock
  readonly log: Log
  readonly dataDir: string
  readonly catalog: TitlePort
  readonly ffmpegPath?: string | null
  /** Where programs are looked for; a few of its variables are passed on to children. */
  readonly environment?: Environment
  readonly limits?: Partial<PlaybackLimits>
  /** Whether a user agent says itself that it is a program: what it fetches is kept and not counted. */
  readonly isProgram?: (userAgent: string) => boolean
}
export type Sources = {
  readonly hlsUrl: string
  readonly dashUrl: string
  readonly posterUrl: string
  /** Null while it is being made. */
  readonly storyboardUrl: string | null
  readonly captions: readonly { readonly language: string; readonly label: string; readonly url: string }[]
  readonly renditions: Job['renditions']
  readonly durationMs: number | null
}
export type UploadTicket = {
  readonly uploadUrl: string
  readonly uploadToken: string
  readonly maxBytes: number
  /** When an upload that has not ended is given up. */
  readonly expiresAt: number
}
export type Playback = {
  /** What encodes here, e.g. `FFmpeg 8.1 (packaged), libx264`, and what guards it. */
  readonly encoder: { readonly name: string; readonly codec: string; readonly protections: readonly string[] }
  /** A place to upload the title's source to; an upload of it that has not ended gives way. */
  createUpload(tenantId: string, titleId: string, fileName: string, sizeBytes: number): Promise<UploadTicket>
  /** Gives up the title's upload that has not ended; what was made of earlier files stays. */
  cancelUpload(tenantId: string, titleId: string): Promise<void>
  /** Makes a title of a local file, or of a part of it cut at the keyframe before `clip.startMs`. */
  importFile(tenantId: string, titleId: string, file: string, clip?: Clip): Promise<Job>
  /** The title's newest job, as it is this moment. */
  job(tenantId: string, titleId: string): Promise<Job | null>
  /** Called with every change of every job; returns the way to stop. */
  onJob(listener: (job: Job) => void): () => void
  /** A failed job whose source is still here: it can begin again. */
  isRetriable(job: Job): Promise<boolean>
  /** Begins a failed job again whose source is still here. */
  retry(tenantId: string, titleId: string): Promise<Job>
  /** Stops the work on a title and removes everything it has made. */
  remove(tenantId: string, titleId: string): Promise<void>
  /** Where to play the title from; null while it is not playable. */
  sourcesFor(tenantId: string, titleId: string): Promise<Sources | null>
  /** Keeps captions of the title, WebVTT or SubRip, in place of those of the same language. */
  putCaption(tenantId: string, titleId: string, file: CaptionFile): Promise<void>
  /** Takes away captions that were brought; those in the video file stay. */
  removeCaption(tenantId: string, titleId: string, language: string): Promise<void>
  captions(tenantId: string, titleId: string): Promise<TitleCaption[]>
  /** The job an upload token was made for. */
  jobByToken(token: string): Promise<Job | null>
  /** Resolves when no job is waiting or at work and all that became of them is said. */
  idle(): Promise<void>
  readonly uploads: Uploads
  readonly media: MediaStore
  /** Hears what the routes deliver. */
  readonly witness: Witness
  /** What became of what it heard. */
  deliveries(): DeliveryCounts
  /** Resolves when everything delivered before is said. */
  deliveriesSaid(): Promise<void>
  close(): Promise<void>
}
