/** Captions an uploader brings beside the video: WebVTT by language, kept with the title. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#playback/errors.ts'
import { titleKey } from '#playback/job.ts'
import { isVtt } from '#playback/packaging/vtt.ts'
import type { JobStore } from '#playback/records.ts'
import { labelOf } from '#playback/transcode/extras.ts'
import type { MediaStore } from '#storage/media/media-store.ts'

export const MAX_CAPTION_BYTES = 2 * 1024 * 1024
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

export type CaptionFile = {
  readonly language: string
  readonly label?: string | undefined
  readonly text: string
}

export async function keepCaption(
  parts: { media: MediaStore; store: JobStore },
  tenantId: string,
  titleId: string,
  file: CaptionFile,
): Promise<void> {
  if (!LANGUAGE.test(file.language)) {
    throw new Refusal(refusals.badCaption, `“${file.language}” is not a language code such as en or pt-BR.`)
  }
  if (Buffer.byteLength(file.text) > MAX_CAPTION_BYTES || !isVtt(file.text)) {
    throw new Refusal(refusals.badCaption, 'The file is not WebVTT, or is larger than 2 MB.')
  }
  const path = `captions/${file.language}.vtt`
  await parts.media.put(`${titleKey(tenantId, titleId)}/${path}`, Buffer.from(file.text))
  const label = file.label?.slice(0, 80) || labelOf(file.language)
  await parts.store.putCaption({ tenantId, titleId, language: file.language, label, path })
}
