/** Whether a probed source can be a title; every no is a refusal the uploader can act on. */
import { open } from 'node:fs/promises'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#playback/errors.ts'
import type { Probed, ProbedVideo } from '#playback/transcode/task.ts'

export type SourceLimits = { readonly maxDurationMs: number; readonly maxBytes: number }

const MIN_SIDE_PX = 16
const MAX_SIDE_PX = 8192
/** A picture may end a little before its container says: more than this is missing. */
const MISSING_SHARE = 0.03
const MISSING_MS = 1000

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** Throws the refusal that fits, else returns the picture. */
export function judge(probed: Probed, limits: SourceLimits): ProbedVideo {
  const { video } = probed
  if (probed.sizeBytes === 0) throw new Refusal(refusals.emptyFile, 'The file is empty.')
  if (video === null) {
    throw probed.audio === null
      ? new Refusal(refusals.notMedia, 'The file holds neither picture nor sound.')
      : new Refusal(refusals.noVideo, 'The file has sound but no picture.')
  }
  const { widthPx, heightPx } = video
  const sides = [widthPx, heightPx]
  if (sides.some((side) => side < MIN_SIDE_PX || side > MAX_SIDE_PX)) {
    throw new Refusal(refusals.badDimensions, `The picture is ${widthPx} × ${heightPx} pixels.`)
  }
  const durationMs = Math.max(probed.statedMs, video.lastMs)
  if (durationMs > limits.maxDurationMs) {
    const [has, may] = [durationMs, limits.maxDurationMs].map((ms) => `${(ms / 3_600_000).toFixed(1)} h`)
    throw new Refusal(refusals.tooLong, `The video lasts ${has}; the limit is ${may}.`)
  }
  if (video.frames === 0) throw new Refusal(refusals.truncated, 'No picture of the video is in the file.')
  const missingMs = video.statedMs - (video.lastMs - video.firstMs)
  if (missingMs > MISSING_MS && missingMs > video.statedMs * MISSING_SHARE) {
    throw new Refusal(
      refusals.truncated,
      `The file says ${seconds(video.statedMs)} but ends after ${seconds(video.lastMs)}.`,
    )
  }
  return video
}

/** Why a file could not be opened at all, judged by its first bytes. */
export async function whyUnreadable(source: string): Promise<Refusal> {
  const file = await open(source)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, 0)
    if (bytesRead === 0) return new Refusal(refusals.emptyFile, 'The file is empty.')
    const head = buffer.subarray(0, bytesRead)
    const isMp4 = ['ftyp', 'moov', 'mdat', 'free', 'wide'].includes(head.toString('latin1', 4, 8))
    const isMatroska = head.readUInt32BE(0) === 0x1a45dfa3
    return isMp4 || isMatroska
      ? new Refusal(refusals.truncated, 'The file begins as a video, but its index is missing.')
      : new Refusal(refusals.notMedia, 'The file is not a video.')
  } finally {
    await file.close()
  }
}
