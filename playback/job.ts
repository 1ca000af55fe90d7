/** What is known of one source on its way to being playable. Times are epoch ms. */
import type { Probed } from '#playback/transcode/task.ts'

export type JobState = 'uploading' | 'probing' | 'transcoding' | 'packaging' | 'done' | 'failed'
export type Failure = { readonly code: string; readonly message: string; readonly fix: string }

/** A packaged track: what the manifests need to say of it. Paths are relative to the title. */
export type Track = {
  readonly kind: 'video' | 'audio'
  /** e.g. `v720`, `audio`: folder below the job's own. */
  readonly name: string
  readonly playlist: string
  readonly codecs: string
  readonly peakBps: number
  readonly averageBps: number
  readonly widthPx: number
  readonly heightPx: number
  readonly frameRate: string
  readonly channels: number
  /** DASH `SegmentTemplate` with its timeline. */
  readonly segmentTemplate: string
  readonly pixelAspect: string
  readonly durationMs: number
  /** Segments begin where the ladder's other rungs' do. */
  readonly aligned: boolean
  readonly encoder: string
}
export type Caption = { readonly language: string; readonly label: string; readonly path: string }
export type Clip = { readonly startMs: number; readonly durationMs: number }
export type RenditionState = 'waiting' | 'encoding' | 'ready'
export type Rendition = {
  readonly heightPx: number
  readonly bitrateKbps: number
  readonly state: RenditionState
}

export type Job = {
  readonly id: string
  readonly tenantId: string
  readonly titleId: string
  readonly state: JobState
  /** 0 to 1 over the whole job. */
  readonly progress: number
  /** What happens now, in words. */
  readonly step: string
  readonly encoder: string | null
  readonly renditions: readonly Rendition[]
  readonly tracks: readonly Track[]
  readonly failure: Failure | null
  readonly fileName: string
  readonly sizeBytes: number
  /** A local file the source is taken from, for imports. */
  readonly importPath: string | null
  readonly clip: Clip | null
  readonly probed: Probed | null
  readonly durationMs: number | null
  readonly posterPath: string | null
  readonly storyboardPath: string | null
  readonly captions: readonly Caption[]
  readonly createdAt: number
  readonly updatedAt: number
  /** The whole source is here. */
  readonly receivedAt: number | null
  /** First playable. */
  readonly publishedAt: number | null
  /** An upload that has not ended by then is given up. */
  readonly expiresAt: number
}

/** Folder of everything the job makes, below the title's: never the same for two jobs, so its URLs never change. */
export const folderOf = (jobId: string): string => `r${jobId.replaceAll('-', '').slice(-10)}`
export const titleKey = (tenantId: string, titleId: string): string => `titles/${tenantId}/${titleId}`
