/** What goes with the video: poster and stills, storyboard, captions found in the source. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { required } from '#base/assert.ts'
import { type Caption, folderOf, titleKey } from '#playback/job.ts'
import { planStoryboard, writeStoryboard } from '#playback/packaging/storyboard.ts'
import { type Plan, shownSize } from '#playback/transcode/ladder.ts'
import { benchOf, type JobHandle, sourceOf, type Workshop } from '#playback/transcode/workshop.ts'

const STILLS = 8
const POSTER_SIDE_PX = 1280
const TEXT_CODECS = ['mov_text', 'subrip', 'webvtt', 'ass', 'text']
const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2)

const placeOf = (hand: JobHandle): string => titleKey(hand.job.tenantId, hand.job.titleId)

/** The still with the most to see: at equal quality the largest file. Black and flat pictures are small. */
async function richest(folder: string): Promise<string> {
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size))
  return required(files[sizes.indexOf(Math.max(...sizes))], 'a still')
}

/** Takes stills over the length of the source and makes the richest one the poster. */
export async function makePoster(
  shop: Workshop,
  hand: JobHandle,
  plan: Plan,
  signal: AbortSignal,
): Promise<string> {
  const video = required(hand.job.probed?.video, 'the picture')
  const shown = shownSize(video)
  const scale = Math.min(1, POSTER_SIDE_PX / Math.max(shown.widthPx, shown.heightPx))
  const durationMs = hand.job.durationMs ?? 0
  const target = path.join(benchOf(shop, hand.job.id), 'stills')
  await shop.encoder.perform(
    {
      kind: 'stills',
      source: sourceOf(shop, hand.job.id),
      target,
      count: STILLS,
      durationMs: Math.max(1, durationMs),
      widthPx: even(shown.widthPx * scale),
      heightPx: even(shown.heightPx * scale),
      turnDegrees: plan.turnDegrees,
      keyframesOnly: video.keyframeCount >= STILLS,
    },
    { signal, contentMs: durationMs },
  )
  const poster = await richest(target)
  const folder = folderOf(hand.job.id)
  await shop.media.put(`${placeOf(hand)}/poster.jpg`, await readFile(path.join(target, poster)))
  for (const file of await readdir(target)) {
    await shop.media.putFile(`${placeOf(hand)}/${folder}/stills/${file}`, path.join(target, file))
  }
  return 'poster.jpg'
}

/** Small pictures a second apart, for the scrub bar. A title without them still plays. */
export async function makeStoryboard(shop: Workshop, hand: JobHandle): Promise<string | null> {
  const video = required(hand.job.probed?.video, 'the picture')
  const shown = shownSize(video)
  const durationMs = Math.max(1, hand.job.durationMs ?? 0)
  const board = planStoryboard(durationMs, shown.widthPx, shown.heightPx)
  const target = path.join(benchOf(shop, hand.job.id), 'storyboard.jpg')
  const folder = folderOf(hand.job.id)
  try {
    await shop.encoder.perform(
      { kind: 'sheet', source: sourceOf(shop, hand.job.id), target, ...board },
      { signal: hand.signal, contentMs: durationMs },
    )
  } catch (error) {
    hand.signal.throwIfAborted()
    shop.log.warn({ err: error, jobId: hand.job.id }, 'no storyboard could be drawn')
    return null
  }
  await shop.media.putFile(`${placeOf(hand)}/${folder}/storyboard.jpg`, target)
  await shop.media.put(
    `${placeOf(hand)}/${folder}/storyboard.vtt`,
    Buffer.from(writeStoryboard(board, durationMs, 'storyboard.jpg')),
  )
  return `${folder}/storyboard.vtt`
}

/** Text tracks of the source as WebVTT; pictures of text stay behind. */
export async function takeCaptions(shop: Workshop, hand: JobHandle): Promise<Caption[]> {
  const captions: Caption[] = []
  const folder = folderOf(hand.job.id)
  for (const { streamIndex, codec, language: said } of hand.job.probed?.texts ?? []) {
    if (!TEXT_CODECS.includes(codec)) continue
    const language = shortest(said)
    const name = `captions-${streamIndex}.vtt`
    const target = path.join(benchOf(shop, hand.job.id), name)
    try {
      await shop.encoder.text(
        { source: sourceOf(shop, hand.job.id), target, streamIndex, codec },
        { signal: hand.signal, contentMs: hand.job.durationMs ?? 0 },
      )
    } catch (error) {
      hand.signal.throwIfAborted()
      shop.log.warn({ err: error, jobId: hand.job.id, streamIndex }, 'a text track could not be read')
      continue
    }
    await shop.media.putFile(`${placeOf(hand)}/${folder}/${name}`, target)
    captions.push({ language, label: labelOf(language), path: `${folder}/${name}` })
  }
  return captions
}

/** Files say `eng` where pages and creators say `en`. */
function shortest(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? language
  } catch {
    // not a language code: kept as it is
    return language
  }
}

/** The language's own English name, e.g. `German`; the code itself when there is none. */
export function labelOf(language: string): string {
  if (language === 'und') return 'Captions'
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(language) ?? language
  } catch {
    // not a language code: shown as it is
    return language
  }
}
