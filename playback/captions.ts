/** Captions a creator brings beside the video: WebVTT or SubRip by language, kept with the title as WebVTT. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#playback/errors.ts'
import { titleKey } from '#playback/job.ts'
import { vttOf } from '#playback/packaging/vtt.ts'
import type { JobStore } from '#playback/records.ts'
import { labelOf } from '#playback/transcode/extras.ts'
import type { MediaStore } from '#storage/media/media-store.ts'

export const MAX_CAPTION_BYTES = 500_000
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
  if (Buffer.byteLength(file.text) > MAX_CAPTION_BYTES) {
    throw new Refusal(refusals.badCaption, 'The caption file is larger than 500 kB.')
  }
  const text = vttOf(file.text)
  if (text === null) {
    throw new Refusal(refusals.badCaption, 'The file is neither WebVTT nor SubRip that can be read.')
  }
  const path = `captions/${file.language}.vtt`
  await parts.media.put(`${titleKey(tenantId, titleId)}/${path}`, Buffer.from(text))
  const label = file.label?.slice(0, 80) || labelOf(file.language)
  await parts.store.putCaption({ tenantId, titleId, language: file.language, label, path })
}

export async function removeCaption(
  parts: { media: MediaStore; store: JobStore },
  tenantId: string,
  titleId: string,
  language: string,
): Promise<void> {
  const row = (await parts.store.captions(tenantId, titleId)).find((one) => one.language === language)
  if (row === undefined) return
  await parts.store.removeCaption(tenantId, titleId, language)
  await parts.media.deletePrefix(`${titleKey(tenantId, titleId)}/${row.path}`)
}

export type TitleCaption = {
  readonly language: string
  readonly label: string
  readonly url: string
  /** By its creator, beside the video; else it was in the video file. */
  readonly brought: boolean
}

/** All captions of a title. What was brought stands before what the video file held in the same language. */
export async function captionsOf(
  store: JobStore,
  tenantId: string,
  titleId: string,
): Promise<TitleCaption[]> {
  const brought = await store.captions(tenantId, titleId)
  const spoken = new Set(brought.map(({ language }) => language))
  const found = (await store.playable(tenantId, titleId))?.captions ?? []
  const of =
    (isBrought: boolean) =>
    ({ language, label, path }: { language: string; label: string; path: string }): TitleCaption => ({
      language,
      label,
      url: `/media/${tenantId}/${titleId}/${path}`,
      brought: isBrought,
    })
  return [...brought.map(of(true)), ...found.filter(({ language }) => !spoken.has(language)).map(of(false))]
}
