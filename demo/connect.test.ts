import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { connectDemo, type DemoParts, ensureNeighbour } from '#demo/connect.ts'
import { type DemoPorts, openDemo } from '#demo/open.ts'
import { openCatalog } from '#domains/catalog/index.ts'
import { openIdentity } from '#domains/identity/index.ts'
import { openTenancy } from '#domains/tenancy/index.ts'
import type { Job } from '#playback/job.ts'
import { vttOf } from '#playback/packaging/vtt.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'

suite('the demo world on the platform’s own parts', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'demo-'))
  const clock = createManualClock(Date.UTC(2026, 10, 1))
  const said: string[][] = []
  const jobs = new Map<string, Job>()
  const imported: string[] = []
  const captioned: string[] = []
  let parts: DemoParts
  let ports: DemoPorts
  let close: () => Promise<void>
  let collecting = true
  before(async () => {
    const records = await openEmbeddedPostgres({ dir: path.join(folder, 'records'), log: silentLog })
    const catalog = await openCatalog({ records, clock, say: async () => {} })
    const listeners = new Set<(job: Job) => void>()
    parts = {
      records,
      catalog,
      media: openDiskMedia({ dir: path.join(folder, 'media') }),
      tenancy: await openTenancy({ records, clock }),
      identity: await openIdentity({ records, clock, secret: new Uint8Array(32) }),
      collect: async ({ body }) => {
        if (!collecting) throw new Error('the power went')
        const batch = JSON.parse(new TextDecoder().decode(body)) as { events: { eventId: string }[] }
        said.push(batch.events.map(({ eventId }) => eventId))
      },
      playback: {
        importFile: async (tenantId, titleId) => {
          imported.push(titleId)
          const job = { tenantId, titleId, state: 'done', failure: null } as Job
          jobs.set(titleId, job)
          for (const heard of listeners) heard(job)
          return job
        },
        putCaption: async (_, titleId, { language, text }) => {
          captioned.push(`${titleId} ${language} ${vttOf(text) === text}`)
        },
        job: async (_, titleId) => jobs.get(titleId) ?? null,
        retry: async (_, titleId) => jobs.get(titleId) as Job,
        onJob: (heard) => {
          listeners.add(heard)
          return () => listeners.delete(heard)
        },
      },
      clock,
      log: silentLog,
      onProgress: () => {},
      onFailed: () => {},
    }
    ports = await connectDemo({ id: 'demo', name: 'Demo' }, parts)
    close = async () => {
      await catalog.close()
      await records.close()
    }
  })
  after(async () => {
    await close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('pages have people, titles and pictures at once; history cut short goes on where it was', async () => {
    const failed: string[] = []
    const cutShort = await openDemo({
      ...ports,
      onFailed: (work, detail) => failed.push(`${work}: ${detail}`),
      onProgress: (work, progress) => {
        if (work === 'history' && progress > 0.2) collecting = false
      },
    })
    assert.equal((await parts.catalog.list({ tenantId: 'demo', first: 1 })).totalCount, 300)
    assert.deepEqual(
      (await parts.identity.people('demo')).map(({ id }) => id),
      ['ada', 'noor', 'kit', 'mara', 'tomas', 'dara', 'oskar'],
    )
    assert.match((await parts.media.bytes('titles/demo/sim-000/poster.svg')).toString(), /./)
    await assert.rejects(cutShort.seeded, /the power went/)
    await cutShort.close()
    assert.equal(failed.length, 1)
    assert.match(failed[0] ?? '', /^history: It stopped after day \d+ of 28\. .*next start/)
    const before = said.length
    assert.ok(before > 0)

    collecting = true
    const again = await openDemo(ports)
    await again.seeded
    await again.close()
    const ids = said.flat()
    const days = (await ports.readState())?.daysDone
    assert.equal(days, 28)
    const once = new Set(ids).size
    assert.ok(once > 250_000, `${once} events`)
    assert.ok(
      ids.length - once < 20_000,
      'only the day that was cut short and the planted retries come again',
    )
  })

  test('clips are made once, also across a restart', async () => {
    const demo = await openDemo(ports)
    await demo.clips
    await demo.close()
    assert.equal(imported.length, 12)
    assert.equal(new Set(imported).size, 12)
    assert.deepEqual(captioned, ['bunny-01 en true'])
  })

  test('a clip that fails is told as missing, and the work is not called done', async () => {
    const state = await ports.readState()
    assert.ok(state)
    const told: string[] = []
    const demo = await openDemo({
      ...ports,
      readState: async () => ({ ...state, clipsDone: state.clipsDone.slice(1) }),
      writeState: async () => {},
      importClip: () => Promise.reject(new Error('no disk')),
      onProgress: (work, progress) => work === 'clips' && told.push(`${progress < 1 ? 'going' : 'done'}`),
      onFailed: (work, detail) => told.push(`${work}: ${detail}`),
    })
    await demo.clips
    await demo.close()
    assert.deepEqual(told, [
      'going',
      'clips: 1 of 12 could not be made. The log says why; the next start goes on from there.',
    ])
  })

  test('the neighbour has its own titles under the same ids, and nothing of ours', async () => {
    await ensureNeighbour({ id: 'other', name: 'Quay TV' }, parts)
    await ensureNeighbour({ id: 'other', name: 'Quay TV' }, parts)
    const theirs = await parts.catalog.published('other')
    assert.equal(theirs.length, 12)
    assert.ok(theirs.every(({ creatorId }) => creatorId === 'quay'))
    const ours = await parts.catalog.get('demo', theirs[0]?.id ?? '')
    assert.notEqual(ours, null)
    assert.notEqual(ours?.name, theirs[0]?.name)
    assert.deepEqual(
      (await parts.identity.people('other')).map(({ id }) => id),
      ['ada', 'mads'],
    )
    assert.notEqual(parts.identity.viewerKey('other', 'ada'), parts.identity.viewerKey('demo', 'ada'))
  })
})
