import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import { openPlayback, type Playback } from '#playback/playback.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { type EmbeddedRecords, openEmbeddedPostgres } from '#storage/records/postgres.ts'

const BUNNY = fileURLToPath(new URL('../demo/video/bigbuckbunny.mp4', import.meta.url))
const TENANT = 'acme'

let dir: string
let records: EmbeddedRecords
let media: MediaStore
let playback: Playback
const said: StoredEvent[] = []
const statuses: string[] = []

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'playback-'))
  records = await openEmbeddedPostgres({ dir: path.join(dir, 'records'), log: silentLog })
  media = openDiskMedia({ dir: path.join(dir, 'media') })
  playback = await openPlayback({
    records,
    media,
    say: async (events) => said.push(...events),
    clock: systemClock,
    log: process.env['SAY'] ? (console as never) : silentLog,
    dataDir: dir,
    catalog: {
      setStatus: async (_tenantId, titleId, status) => {
        statuses.push(`${titleId} ${status}`)
      },
    },
  })
})
after(async () => {
  await playback?.close()
  await media?.close()
  await records?.close()
  await rm(dir, { recursive: true, force: true })
})

test('makes a local file playable with HLS and DASH on the same segments', async () => {
  await playback.importFile(TENANT, 'bunny', BUNNY)
  await playback.idle()
  const job = await playback.job(TENANT, 'bunny')
  assert.equal(job?.state, 'done', JSON.stringify(job?.failure))
  const found = await playback.sourcesFor(TENANT, 'bunny')
  console.error(found, job)
  console.error(await media.list('titles/acme'))
  console.error(Buffer.from(await media.bytes('titles/acme/bunny/master.m3u8')).toString())
  console.error(Buffer.from(await media.bytes('titles/acme/bunny/manifest.mpd')).toString())
  console.error(said, statuses)
})
