import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createManualClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { type Identity, openIdentity, readSecret } from '#domains/identity/index.ts'
import type { Grant } from '#events/grants.ts'
import { openEmbeddedPostgres } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'

const DAY_MS = 86_400_000

suite('identity', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'identity-'))
  const clock = createManualClock(1_800_000_000_000)
  let records: Records
  let identity: Identity
  before(async () => {
    records = await openEmbeddedPostgres({ dir: path.join(folder, 'records'), log: silentLog })
    identity = await openIdentity({ records, clock, secret: readSecret(path.join(folder, 'secret')) })
    const person = { about: '', avatarUrl: '', kids: false, creatorId: null }
    await identity.ensurePerson({ ...person, tenantId: 'one', id: 'ada', name: 'Ada', role: 'viewer' })
    await identity.ensurePerson({
      ...person,
      tenantId: 'one',
      id: 'mara',
      name: 'Mara',
      role: 'creator',
      creatorId: 'north',
    })
    await identity.ensurePerson({
      ...person,
      tenantId: 'one',
      id: 'kit',
      name: 'Kit',
      role: 'viewer',
      kids: true,
    })
    await identity.ensurePerson({
      ...person,
      tenantId: 'two',
      id: 'ada',
      name: 'Other Ada',
      role: 'operator',
    })
  })
  after(async () => {
    await records.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const grant = (more: object = {}): Grant => ({
    kind: 'play',
    tenantId: 'one',
    playId: 'p1',
    titleId: 't1',
    viewerKey: null,
    kids: false,
    recommendationId: null,
    issuedAt: clock.now(),
    expiresAt: clock.now() + DAY_MS,
    ...more,
  })

  test('a session names its person, with the roles of today', async () => {
    const token = await identity.issueSession('one', 'mara')
    const caller = await identity.readSession(token as string)
    assert.deepEqual(caller?.roles, ['viewer', 'creator'])
    assert.equal(caller?.creatorId, 'north')
    assert.equal(caller?.viewerKey, identity.viewerKey('one', 'mara'))
  })

  test('the command line acts for an operator who is none of the people, for a short time', async () => {
    const token = await identity.issueLocalSession('one', 'root')
    const caller = await identity.readSession(token)
    assert.deepEqual(
      [caller?.tenantId, caller?.roles, caller?.person.name, caller?.viewerKey],
      ['one', ['operator'], 'root', null],
    )
    clock.advance(11 * 60_000)
    assert.equal(await identity.readSession(token), null)
  })

  test('a session ends, and nobody can make, change or borrow one', async () => {
    const token = (await identity.issueSession('one', 'ada')) as string
    const [head, body, signature] = token.split('.') as [string, string, string]
    const other = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"one"', '"two"')).toString(
      'base64url',
    )
    assert.equal(await identity.readSession(`${head}.${other}.${signature}`), null)
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    assert.equal(await identity.readSession(`${none}.${body}.`), null)
    assert.equal(await identity.readSession(await identity.issueGrant(grant())), null)
    assert.equal(await identity.readGrant(token), null)
    assert.equal(await identity.issueSession('one', 'nobody'), null)
    clock.advance(31 * DAY_MS)
    assert.equal(await identity.readSession(token), null)
  })

  test('a kids profile has no pseudonym', async () => {
    const caller = await identity.readSession((await identity.issueSession('one', 'kit')) as string)
    assert.deepEqual([caller?.kids, caller?.viewerKey], [true, null])
  })

  test('pseudonyms are for life, differ by tenant and do not name the person', () => {
    const key = identity.viewerKey('one', 'ada')
    assert.equal(key, identity.viewerKey('one', 'ada'))
    assert.notEqual(key, identity.viewerKey('two', 'ada'))
    assert.equal(key.includes('ada'), false)
  })

  test('a grant reads back as it was issued, until its late window is over', async () => {
    const issued = grant({ viewerKey: identity.viewerKey('one', 'ada') })
    const token = await identity.issueGrant(issued)
    assert.deepEqual(await identity.readGrant(token), issued)
    clock.advance(7 * DAY_MS)
    assert.deepEqual(await identity.readGrant(token), issued)
    clock.advance(2 * DAY_MS)
    assert.equal(await identity.readGrant(token), null)
    assert.equal(await identity.readGrant(`${token}x`), null)
    assert.equal(await identity.readGrant('x'.repeat(10_000)), null)
  })

  test('reading a known grant costs next to nothing', async () => {
    const token = await identity.issueGrant(grant())
    await identity.readGrant(token)
    const before = performance.now()
    for (let n = 0; n < 10_000; n++) await identity.readGrant(token)
    const microseconds = (performance.now() - before) / 10
    assert.ok(microseconds < 50, `${microseconds} us each`)
  })

  test('two tenants have their own people', async () => {
    assert.deepEqual(
      (await identity.people('one')).map(({ name }) => name),
      ['Ada', 'Mara', 'Kit'],
    )
    assert.deepEqual(
      (await identity.people('two')).map(({ name }) => name),
      ['Other Ada'],
    )
    assert.equal(await identity.find('two', 'mara'), null)
  })

  test('the secret is made once and read by its user only', () => {
    const file = path.join(folder, 'secret')
    assert.deepEqual(readSecret(file), readSecret(file))
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })
})
