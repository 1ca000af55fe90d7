import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openTenancy, type Tenancy } from '#domains/tenancy/index.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

suite('tenancy', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenancy-'))
  const clock = createManualClock(1_800_000_000_000)
  let records: Records
  let tenancy: Tenancy
  before(async () => {
    records = await openEmbeddedPostgres({ dir: folder, log: silentLog })
    tenancy = await openTenancy({ records, clock })
  })
  after(async () => {
    await records.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('makes a tenant and its key once, and takes a new name', async () => {
    const first = await tenancy.ensure({ id: 'demo', name: 'Demo' })
    const again = await tenancy.ensure({ id: 'demo', name: 'The Demo' })
    assert.equal(again.writeKey, first.writeKey)
    assert.deepEqual(await tenancy.find('demo'), { id: 'demo', name: 'The Demo' })
    assert.equal(await tenancy.find('nobody'), null)
  })

  test('each key names its own tenant, a revoked one nobody', async () => {
    const one = await tenancy.ensure({ id: 'one', name: 'One' })
    const two = await tenancy.ensure({ id: 'two', name: 'Two' })
    assert.equal((await tenancy.findByWriteKey(one.writeKey))?.id, 'one')
    assert.equal((await tenancy.findByWriteKey(two.writeKey))?.id, 'two')
    assert.equal(await tenancy.findByWriteKey('wk_guess'), null)
    clock.advance(1)
    const fresh = await tenancy.addWriteKey('one')
    await tenancy.revokeWriteKey('two', one.writeKey)
    assert.equal((await tenancy.findByWriteKey(one.writeKey))?.id, 'one', 'only its own tenant may revoke it')
    await tenancy.revokeWriteKey('one', one.writeKey)
    assert.equal(await tenancy.findByWriteKey(one.writeKey), null)
    assert.equal((await tenancy.findByWriteKey(fresh))?.id, 'one')
    assert.equal(await tenancy.writeKeyOf('one'), fresh)
  })

  test('refuses ids that would surprise in an address or a folder', async () => {
    for (const id of ['', '../up', 'Upper', 'a b', '1st', 'x'.repeat(41)]) {
      await assert.rejects(tenancy.ensure({ id, name: 'Name' }), { code: 'SV_BAD_TENANT' })
    }
    await assert.rejects(tenancy.writeKeyOf('nobody'), { code: 'SV_NO_SUCH_TENANT' })
  })
})
