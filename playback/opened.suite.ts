/** A playback on real parts in a temporary folder, for tests: embedded records, media on disk, a server on a free port. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import fastify, { type FastifyInstance } from 'fastify'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent } from '#events/define.ts'
import { openPlayback, type Playback, type PlaybackLimits } from '#playback/playback.ts'
import { registerPlayback } from '#playback/routes.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

export const BUNNY = fileURLToPath(new URL('../demo/video/bigbuckbunny.mp4', import.meta.url))
export const TRAILER = fileURLToPath(new URL('../demo/video/trailer_bbb.mp4', import.meta.url))

export type Opened = {
  readonly dir: string
  readonly url: string
  readonly media: MediaStore
  readonly records: Records
  readonly said: StoredEvent[]
  /** `<titleId> <status>`, in order. */
  readonly statuses: string[]
  readonly playback: Playback
  /** Files of sources and half-made things. */
  leftovers(): Promise<string[]>
  /** Closes playback and the server, and opens them again on the same data. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function openForTest(
  options: { limits?: Partial<PlaybackLimits>; ffmpegPath?: string | null; dir?: string } = {},
): Promise<Opened> {
  const dir = options.dir ?? (await mkdtemp(path.join(os.tmpdir(), 'playback-')))
  const records = await openEmbeddedPostgres({ dir: path.join(dir, 'records'), log: silentLog })
  const media = openDiskMedia({ dir: path.join(dir, 'media') })
  const said: StoredEvent[] = []
  const statuses: string[] = []
  let playback: Playback
  let http: FastifyInstance
  let url = ''
  const open = async (): Promise<void> => {
    playback = await openPlayback({
      records,
      media,
      clock: systemClock,
      log: silentLog,
      dataDir: dir,
      ffmpegPath: options.ffmpegPath ?? null,
      environment: { PATH: process.env['PATH'] },
      say: async (events) => said.push(...events),
      catalog: {
        setStatus: async (_tenantId, titleId, status) => {
          statuses.push(`${titleId} ${status}`)
        },
      },
      limits: options.limits ?? {},
    })
    http = fastify()
    http.setErrorHandler(async (error, _request, reply) =>
      error instanceof Refusal
        ? reply.status(error.status).send({ code: error.code })
        : reply.status(500).send({ code: String(error) }),
    )
    registerPlayback(http, playback)
    url = await http.listen({ host: '127.0.0.1', port: 0 })
  }
  const shut = async (): Promise<void> => {
    await http.close()
    await playback.close()
  }
  await open()
  return {
    dir,
    media,
    records,
    said,
    statuses,
    get url() {
      return url
    },
    get playback() {
      return playback
    },
    async leftovers() {
      const home = path.join(dir, 'playback')
      const found = await readdir(home, { recursive: true, withFileTypes: true })
      return found.filter((entry) => entry.isFile()).map((entry) => entry.name)
    },
    async restart() {
      await shut()
      await open()
    },
    async close() {
      await shut()
      await media.close()
      await records.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
