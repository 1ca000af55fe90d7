/** Putting finished tracks and the manifests that name them where viewers read, in that order. */

import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { folderOf, type Track, titleKey } from '#playback/job.ts'
import { writeMaster, writeMpd } from '#playback/packaging/manifests.ts'
import { type Packaging, packageTrack } from '#playback/packaging/packager.ts'
import { benchOf, type JobHandle, type Workshop } from '#playback/transcode/workshop.ts'

/** Packages one track and puts its files in the media store. */
export async function addTrack(
  shop: Workshop,
  hand: JobHandle,
  what: Pick<Packaging, 'kind' | 'name' | 'source' | 'aligned' | 'encoder'>,
): Promise<Track> {
  const { id, tenantId, titleId, durationMs } = hand.job
  const root = benchOf(shop, id)
  const folder = folderOf(id)
  const track = await packageTrack(
    shop.sandbox,
    { ...what, root, folder },
    { signal: hand.signal, contentMs: durationMs ?? 0 },
  )
  const place = path.join(root, folder, what.name)
  for (const file of await readdir(place)) {
    hand.signal.throwIfAborted()
    await shop.media.putFile(
      `${titleKey(tenantId, titleId)}/${folder}/${what.name}/${file}`,
      path.join(place, file),
    )
  }
  return track
}

/**
 * Writes the manifests anew and lets viewers in: the job says that it can be played once its manifests are there,
 * the catalog after it. Doing it twice changes nothing.
 */
export async function publish(shop: Workshop, hand: JobHandle): Promise<void> {
  const { tenantId, titleId, tracks, durationMs } = hand.job
  if (!tracks.some((track) => track.kind === 'video')) return
  const key = titleKey(tenantId, titleId)
  await shop.media.put(`${key}/manifest.mpd`, Buffer.from(writeMpd(tracks)))
  await shop.media.put(`${key}/master.m3u8`, Buffer.from(writeMaster(tracks)))
  if (hand.job.publishedAt === null) await hand.keep({ publishedAt: shop.clock.now() })
  await shop.catalog.setStatus(tenantId, titleId, 'ready', durationMs === null ? {} : { durationMs })
}
