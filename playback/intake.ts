/** How sources come in: upload tickets, imports, the last byte, uploads given up, and what a crash left unfinished. */
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { Refusal } from '#base/refusal.ts'
import type { EventDefinition } from '#events/define.ts'
import { jobFailed, uploadReceived } from '#events/media.ts'
import { refusals } from '#playback/errors.ts'
import { type Clip, folderOf, type Job, titleKey } from '#playback/job.ts'
import { publish } from '#playback/packaging/publish.ts'
import type { PlaybackLimits, UploadTicket } from '#playback/ports.ts'
import type { Queue } from '#playback/transcode/queue.ts'
import { eventsOf, handleOf, removeSource, type Workshop } from '#playback/transcode/workshop.ts'
import { hashOf, newToken } from '#playback/upload/tokens.ts'
import { UPLOAD_PATH, type Uploads } from '#playback/upload/uploads.ts'

/** The ladder and its half-made files, beside the source itself. */
const ROOM_FACTOR = 2.2
/** Viewers may be in the middle of what a newer upload replaced: it stays this long. */
const SUPERSEDED_MS = 24 * 3_600_000

export type Intake = {
  createUpload(tenantId: string, titleId: string, fileName: string, sizeBytes: number): Promise<UploadTicket>
  importFile(tenantId: string, titleId: string, file: string, clip?: Clip): Promise<Job>
  /** Ends the title's uploads that have not ended, and forgets them. */
  giveUp(tenantId: string, titleId: string): Promise<void>
  received(job: Job): Promise<void>
  /** Takes up what was unfinished when we were last here. */
  resume(uploads: Uploads): Promise<void>
  /** Forgets uploads nobody will finish, and what newer uploads replaced a day ago. */
  sweep(uploads: Uploads): Promise<void>
}

function blank(shop: Workshop, limits: PlaybackLimits, tenantId: string, titleId: string): Job {
  const now = shop.clock.now()
  return {
    id: shop.newId(),
    tenantId,
    titleId,
    state: 'uploading',
    progress: 0,
    step: 'Waiting for the file',
    encoder: null,
    renditions: [],
    tracks: [],
    failure: null,
    fileName: '',
    sizeBytes: 0,
    importPath: null,
    clip: null,
    probed: null,
    durationMs: null,
    posterPath: null,
    storyboardPath: null,
    captions: [],
    createdAt: now,
    updatedAt: now,
    receivedAt: null,
    publishedAt: null,
    expiresAt: now + limits.uploadMs,
  }
}

export function createIntake(shop: Workshop, queue: Queue, limits: PlaybackLimits): Intake {
  async function demandRoom(sizeBytes: number): Promise<void> {
    await mkdir(shop.sources, { recursive: true })
    const disk = await statfs(shop.sources)
    if (disk.bavail * disk.bsize < sizeBytes * ROOM_FACTOR + limits.spareBytes) {
      throw new Refusal(refusals.noRoom, 'There is not enough free disk space for this file.')
    }
  }
  async function received(job: Job): Promise<void> {
    await replaceOlder(job)
    const now = shop.clock.now()
    const { sizeBytes, fileName } = job
    const changed: Job = {
      ...job,
      state: 'probing',
      step: 'Waiting for its turn',
      receivedAt: now,
      updatedAt: now,
    }
    const happened = {
      definition: uploadReceived as unknown as EventDefinition,
      data: { sizeBytes, fileName: fileName.slice(0, 200) },
    }
    await shop.store.save(changed, eventsOf(shop, changed, [happened]))
    shop.onEvents()
    shop.onChange(changed)
    if ((await shop.store.playable(job.tenantId, job.titleId)) === null) {
      await shop.catalog.setStatus(job.tenantId, job.titleId, 'processing')
    }
    queue.add(changed)
  }
  async function giveUp(tenantId: string, titleId: string): Promise<void> {
    for (const job of await shop.store.ofTitle(tenantId, titleId)) {
      if (job.state !== 'uploading' || job.importPath !== null) continue
      await shop.store.remove(job.id)
      await removeSource(shop, job.id)
      shop.onChange(job)
    }
  }
  return {
    giveUp,
    async createUpload(tenantId, titleId, fileName, sizeBytes) {
      if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
        throw new Refusal(refusals.emptyFile, 'The file is empty.')
      }
      if (sizeBytes > limits.maxUploadBytes) {
        const most = (limits.maxUploadBytes / 1e9).toFixed(1)
        throw new Refusal(refusals.tooLarge, `The file is larger than the limit of ${most} GB.`)
      }
      await demandRoom(sizeBytes)
      await giveUp(tenantId, titleId)
      const token = newToken()
      const job = { ...blank(shop, limits, tenantId, titleId), fileName: fileName.slice(0, 200), sizeBytes }
      await shop.store.create(job, hashOf(token), [])
      shop.onChange(job)
      const { expiresAt } = job
      return { uploadUrl: UPLOAD_PATH, uploadToken: token, maxBytes: limits.maxUploadBytes, expiresAt }
    },
    async importFile(tenantId, titleId, file, clip) {
      const fileName = file.split(/[\\/]/).at(-1) ?? file
      const made = blank(shop, limits, tenantId, titleId)
      const { size } = await stat(file)
      const job: Job = { ...made, fileName, sizeBytes: size, importPath: file, clip: clip ?? null }
      await shop.store.create(job, null, [])
      await received(job)
      return job
    },
    received,
    async resume(uploads) {
      await rm(shop.work, { recursive: true, force: true })
      await mkdir(shop.work, { recursive: true })
      const jobs = await shop.store.unfinished()
      for (const job of jobs) {
        if (job.state === 'uploading') {
          if (job.importPath !== null || (await uploads.isWhole(job))) await received(job)
          continue
        }
        const hand = handleOf(shop, job, new AbortController().signal)
        await publish(shop, hand)
        queue.add(hand.job)
      }
      await removeStrays(jobs)
    },
    async sweep(uploads) {
      const now = shop.clock.now()
      for (const job of await shop.store.unfinished()) {
        if (job.state !== 'uploading' || job.expiresAt > now) continue
        await uploads.remove(job.id)
        await shop.store.remove(job.id)
      }
      for (const job of await shop.store.superseded(now - SUPERSEDED_MS)) {
        await shop.media.deletePrefix(`${titleKey(job.tenantId, job.titleId)}/${folderOf(job.id)}`)
        await uploads.remove(job.id)
        await shop.store.remove(job.id)
      }
    },
  }

  /** Two jobs of one title would write the same manifests: the newer file wins. */
  async function replaceOlder(job: Job): Promise<void> {
    for (const older of await shop.store.ofTitle(job.tenantId, job.titleId)) {
      if (older.id === job.id || ['uploading', 'done', 'failed'].includes(older.state)) continue
      await queue.cancel(older.id)
      const { code, fix } = refusals.replaced
      const failure = { code, message: 'A newer file was uploaded for this title.', fix }
      const latest = (await shop.store.find(older.id)) ?? older
      const ended: Job = {
        ...latest,
        state: 'failed',
        step: 'Replaced',
        failure,
        updatedAt: shop.clock.now(),
      }
      const happened = {
        definition: jobFailed as unknown as EventDefinition,
        data: { reasonCode: code, reason: failure.message },
      }
      await shop.store.save(ended, eventsOf(shop, ended, [happened]))
      await removeSource(shop, older.id)
      shop.onChange(ended)
    }
  }

  /** Sources of jobs that ended while we were not looking. Failed ones that may be retried keep theirs. */
  async function removeStrays(unfinished: readonly Job[]): Promise<void> {
    const wanted = new Set(unfinished.map((job) => job.id))
    for (const name of await readdir(shop.sources).catch(() => [] as string[])) {
      const id = name.replace(/\.json$/, '')
      if (wanted.has(id)) continue
      const job = await shop.store.find(id)
      if (job === null || job.state === 'done') await rm(`${shop.sources}/${name}`, { force: true })
    }
  }
}
