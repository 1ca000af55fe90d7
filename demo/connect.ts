/** The demo world's ports on the platform's own parts: whoever wires the platform hands these over and is done. */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { drawPoster } from '#demo/artwork.ts'
import { createCatalogue, type DemoTitle } from '#demo/catalogue.ts'
import type { DemoPorts } from '#demo/open.ts'
import { openWorldRecords } from '#demo/records.ts'
import type { Catalog, NewTitle } from '#domains/catalog/index.ts'
import type { Identity } from '#domains/identity/index.ts'
import type { Tenancy } from '#domains/tenancy/index.ts'
import type { Job } from '#playback/job.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import type { Records } from '#storage/records/records.ts'

export type DemoParts = {
  readonly records: Records
  readonly media: MediaStore
  readonly tenancy: Tenancy
  readonly identity: Identity
  readonly catalog: Catalog
  readonly collect: DemoPorts['collect']
  readonly playback: {
    importFile(
      tenantId: string,
      titleId: string,
      file: string,
      clip?: { startMs: number; durationMs: number },
    ): Promise<Job>
    putCaption(tenantId: string, titleId: string, file: { language: string; text: string }): Promise<void>
    job(tenantId: string, titleId: string): Promise<Job | null>
    retry(tenantId: string, titleId: string): Promise<Job>
    onJob(listener: (job: Job) => void): () => void
  }
  readonly clock: Clock
  readonly log: Log
  readonly onProgress: DemoPorts['onProgress']
  readonly onFailed: DemoPorts['onFailed']
}

/** Where playback looks for a title's files, and the address they are served at. */
const mediaKey = (tenantId: string, key: string): string => `titles/${tenantId}/${key}`
export const pictureUrl = (tenantId: string, key: string): string => `/media/${tenantId}/${key}`

const asNewTitle =
  (tenantId: string) =>
  (title: DemoTitle & { readonly publishedAt: number }): NewTitle => ({
    tenantId,
    id: title.id,
    name: title.name,
    description: title.description,
    creatorId: title.creatorId,
    genres: title.genres,
    durationMs: title.durationMs,
    ageRating: title.ageRating,
    publishedAt: title.publishedAt,
    // A title with a clip becomes ready when its video is; the others are never played.
    status: title.cut === null ? 'simulated' : 'draft',
    simulated: title.cut === null,
  })

export async function connectDemo(
  tenant: { readonly id: string; readonly name: string },
  parts: DemoParts,
): Promise<DemoPorts> {
  const { catalog, identity, media, clock, log } = parts
  const tenantId = tenant.id
  const { writeKey } = await parts.tenancy.ensure(tenant)
  const worlds = await openWorldRecords(parts.records)
  const imageUrl = (key: string): string => pictureUrl(tenantId, key)
  return {
    tenantId,
    writeKey,
    clock,
    log,
    issueGrant: identity.issueGrant,
    collect: parts.collect,
    readState: () => worlds.read(tenantId),
    writeState: (state) => worlds.write(tenantId, state),
    ensurePerson: ({ id, name, role, about, kids, creatorId }) =>
      identity.ensurePerson({
        tenantId,
        id,
        name,
        role,
        about,
        kids,
        creatorId,
        avatarUrl: imageUrl(`avatars/${id}.svg`),
      }),
    ensureCreator: (creator) => catalog.ensureCreator(tenantId, creator),
    ensureTitles: async (titles) => {
      await catalog.ensureMany(titles.map(asNewTitle(tenantId)))
    },
    putImage: (key, svg) => media.put(mediaKey(tenantId, key), Buffer.from(svg)),
    imageUrl,
    viewerKey: (personId) => identity.viewerKey(tenantId, personId),
    importClip: (titleId, file, clip) => importClip(parts.playback, { tenantId, titleId, file, clip }),
    putCaptions: (titleId, text) => parts.playback.putCaption(tenantId, titleId, { language: 'en', text }),
    onProgress: parts.onProgress,
    onFailed: parts.onFailed,
  }
}

type Import = {
  readonly tenantId: string
  readonly titleId: string
  readonly file: string
  readonly clip: { startMs: number; durationMs: number }
}

/** Resolves when the whole ladder plays. Work that a killed platform left unfinished is waited for, not begun again. */
async function importClip(playback: DemoParts['playback'], { tenantId, titleId, file, clip }: Import) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const settle = (job: Job): void => {
    if (job.state === 'done') resolve()
    if (job.state === 'failed') reject(new Error(job.failure?.message ?? 'the clip could not be made'))
  }
  const stop = playback.onJob((job) => {
    if (job.tenantId === tenantId && job.titleId === titleId) settle(job)
  })
  try {
    const begun = await playback.job(tenantId, titleId)
    if (begun === null) await playback.importFile(tenantId, titleId, file, clip)
    else if (begun.state === 'failed') await playback.retry(tenantId, titleId)
    else settle(begun)
    await promise
  } finally {
    stop()
  }
}

/** A second, small tenant on the same platform: what the first must never see. Its titles share ids with the first's. */
export async function ensureNeighbour(
  tenant: { readonly id: string; readonly name: string },
  { tenancy, identity, catalog, media, clock }: DemoParts,
): Promise<void> {
  const tenantId = tenant.id
  await tenancy.ensure(tenant)
  const person = { tenantId, about: 'Lives next door.', avatarUrl: '', kids: false }
  await identity.ensurePerson({ ...person, id: 'ada', name: 'Ada Nilsen', role: 'viewer', creatorId: null })
  await identity.ensurePerson({
    ...person,
    id: 'mads',
    name: 'Mads Holm',
    role: 'creator',
    creatorId: 'quay',
  })
  await catalog.ensureCreator(tenantId, { id: 'quay', name: 'Quay Street', avatarUrl: '' })
  const titles = createCatalogue(77, 24).filter(({ cut }) => cut === null)
  const publishedAt = clock.now() - 86_400_000
  const made = await catalog.ensureMany(
    titles.map((title) => asNewTitle(tenantId)({ ...title, creatorId: 'quay', publishedAt })),
  )
  if (made === 0) return
  await Promise.all(
    titles.map((title) =>
      media.put(mediaKey(tenantId, `${title.id}/poster.svg`), Buffer.from(drawPoster(title))),
    ),
  )
}
