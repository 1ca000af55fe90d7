/**
 * The steps that make a source playable, each short enough to let another title's first step go before it:
 * read it, make its first rendition and publish, add one rendition after another, finish. A step that was cut
 * off is begun again; what a finished step made is kept.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { EventDefinition } from '#events/define.ts'
import { packagePublished, renditionDone, sourceProbed } from '#events/media.ts'
import { folderOf } from '#playback/job.ts'
import { addTrack, publish } from '#playback/packaging/publish.ts'
import { EncodeError } from '#playback/transcode/driver.ts'
import { makePoster, makeStoryboard, takeCaptions } from '#playback/transcode/extras.ts'
import { judge, whyUnreadable } from '#playback/transcode/judge.ts'
import { type Plan, planLadder, type Rung } from '#playback/transcode/ladder.ts'
import { planOf, progressOf, readyOf, rowsOf } from '#playback/transcode/outline.ts'
import { together } from '#playback/transcode/together.ts'
import {
  benchOf,
  type JobHandle,
  removeSource,
  sourceOf,
  type Workshop,
} from '#playback/transcode/workshop.ts'

const AUDIO_KBPS = 128
const event = (definition: unknown): EventDefinition => definition as EventDefinition

/** Does the next step. True while there is another one after it. */
export async function advance(shop: Workshop, hand: JobHandle): Promise<boolean> {
  const bench = benchOf(shop, hand.job.id)
  await rm(bench, { recursive: true, force: true })
  await mkdir(bench, { recursive: true })
  try {
    if (hand.job.probed === null) {
      await read(shop, hand)
      return true
    }
    const plan = planOf(hand.job)
    const missing = plan.rungs.find((rung) => !readyOf(hand.job).has(rung.name))
    if (missing === undefined) {
      await finish(shop, hand)
      return false
    }
    await makeRung(shop, hand, plan, missing)
    return true
  } finally {
    await rm(bench, { recursive: true, force: true })
  }
}

async function fetchImport(shop: Workshop, hand: JobHandle): Promise<void> {
  const { importPath, clip, id } = hand.job
  if (importPath === null) return
  const target = sourceOf(shop, id)
  await mkdir(shop.sources, { recursive: true })
  if (clip === null) {
    await copyFile(importPath, target)
    return
  }
  await shop.encoder.cut({ source: importPath, target, ...clip }, { signal: hand.signal })
}

async function read(shop: Workshop, hand: JobHandle): Promise<void> {
  hand.show({ step: 'Reading the file', progress: 0.01 })
  await fetchImport(shop, hand)
  const source = sourceOf(shop, hand.job.id)
  let probed: Awaited<ReturnType<typeof shop.encoder.probe>>
  try {
    probed = await shop.encoder.probe(source, { signal: hand.signal })
  } catch (error) {
    if (error instanceof EncodeError && error.fault === 'source') throw await whyUnreadable(source)
    throw error
  }
  const video = judge(probed, shop.limits)
  const plan = planLadder(probed, video)
  await hand.keep(
    {
      state: 'transcoding',
      step: 'Preparing the first rendition',
      progress: 0.02,
      probed,
      durationMs: video.lastMs - video.firstMs,
      sizeBytes: probed.sizeBytes,
      encoder: `${shop.encoder.name}, ${shop.encoder.codec}`,
      renditions: rowsOf(plan, new Set()),
    },
    [
      {
        definition: event(sourceProbed),
        data: {
          container: probed.container,
          videoCodec: video.codec,
          audioCodec: probed.audio?.codec ?? null,
          widthPx: video.widthPx,
          heightPx: video.heightPx,
          durationMs: video.lastMs,
        },
      },
    ],
  )
}

/** The sound as a file of its own; says how it was made, null when there is none or it is ready. */
async function encodeAudio(
  shop: Workshop,
  hand: JobHandle,
  plan: Plan,
  target: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (plan.audio === 'none' || readyOf(hand.job).has('audio')) return null
  const source = sourceOf(shop, hand.job.id)
  const copied = plan.audio === 'copy'
  await shop.encoder.perform(
    copied
      ? { kind: 'copy', source, target, stream: 'audio' }
      : { kind: 'audio', source, target, kbps: AUDIO_KBPS },
    { signal, contentMs: hand.job.durationMs ?? 0 },
  )
  return copied ? 'copy' : 'aac'
}

async function encodeRung(
  shop: Workshop,
  hand: JobHandle,
  plan: Plan,
  rung: Rung,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  const source = sourceOf(shop, hand.job.id)
  const ready = readyOf(hand.job)
  const frames = hand.job.probed?.video?.frames ?? 1
  const run = {
    signal,
    contentMs: hand.job.durationMs ?? 0,
    onFrames: (done: number) =>
      hand.show({ progress: progressOf(plan, ready, rung, Math.min(1, done / frames)) }),
  }
  if (rung.copied) {
    await shop.encoder.perform({ kind: 'copy', source, target, stream: 'video' }, run)
    return 'copy'
  }
  const { aspect, turnDegrees, frameRate, gopFrames } = plan
  const { widthPx, heightPx, maxKbps } = rung
  const size = { widthPx, heightPx, maxKbps }
  const shape = { aspect, turnDegrees, frameRate, gopFrames }
  const encode = (codec: string) =>
    shop.encoder.perform({ kind: 'video', source, target, ...size, ...shape, codec }, run)
  const { codec } = shop.encoder
  try {
    await encode(codec)
    return codec
  } catch (error) {
    if (codec === 'libx264' || signal.aborted) throw error
    shop.log.warn({ err: error, codec, jobId: hand.job.id }, 'the hardware encoder failed: software goes on')
    await encode('libx264')
    return 'libx264'
  }
}

async function makeRung(shop: Workshop, hand: JobHandle, plan: Plan, rung: Rung): Promise<void> {
  const startedAt = shop.clock.now()
  const side = Math.min(rung.widthPx, rung.heightPx)
  hand.show({
    step: rung.copied ? `Packaging ${side}p as it is` : `Encoding ${side}p`,
    renditions: rowsOf(plan, readyOf(hand.job), rung),
  })
  const bench = benchOf(shop, hand.job.id)
  const [picture, sound] = [path.join(bench, `${rung.name}.mp4`), path.join(bench, 'sound.mp4')]
  const first = hand.job.publishedAt === null
  const [encoder, soundBy, posterPath] = await together(hand.signal, [
    (signal) => encodeRung(shop, hand, plan, rung, picture, signal),
    (signal) => encodeAudio(shop, hand, plan, sound, signal),
    async (signal) => (first ? makePoster(shop, hand, plan, signal) : hand.job.posterPath),
  ])
  if (soundBy !== null) {
    const made = { kind: 'audio', name: 'audio', source: sound, aligned: true, encoder: soundBy } as const
    const track = await addTrack(shop, hand, made)
    await hand.keep({ tracks: [...hand.job.tracks, track] })
  }
  const track = await addTrack(shop, hand, {
    kind: 'video',
    name: rung.name,
    source: picture,
    aligned: !rung.copied,
    encoder,
  })
  const tracks = [...hand.job.tracks, track]
  const ready = new Set(tracks.map(({ name }) => name))
  await hand.keep(
    {
      tracks,
      posterPath,
      renditions: rowsOf(plan, ready),
      progress: progressOf(plan, ready),
    },
    [
      {
        definition: event(renditionDone),
        data: {
          renditionHeightPx: rung.heightPx,
          bitrateKbps: Math.round(track.averageBps / 1000),
          encoder,
          encodeMs: Math.max(0, shop.clock.now() - startedAt),
        },
      },
    ],
  )
  await publish(shop, hand)
}

async function finish(shop: Workshop, hand: JobHandle): Promise<void> {
  await hand.keep({ state: 'packaging', step: 'Drawing the storyboard', progress: 0.98 })
  await publish(shop, hand)
  const storyboardPath = await makeStoryboard(shop, hand)
  const captions = await takeCaptions(shop, hand)
  const { createdAt, receivedAt, renditions } = hand.job
  await hand.keep({ state: 'done', step: 'Ready', progress: 1, storyboardPath, captions, failure: null }, [
    {
      definition: event(packagePublished),
      data: {
        renditionCount: renditions.length,
        totalMs: Math.max(0, shop.clock.now() - (receivedAt ?? createdAt)),
      },
    },
  ])
  await removeSource(shop, hand.job.id)
  shop.log.info({ jobId: hand.job.id, folder: folderOf(hand.job.id) }, 'a title has all its renditions')
}
