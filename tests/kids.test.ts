/**
 * A children's profile leaves nothing of itself: after a whole run no store holds who it was, a pseudonym of it, or anything
 * that ties two of its views together. The same search finds an adult's pseudonym, so that it would find a child's.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { DEMO_TENANT } from '#app/tenants.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openIdentity, readSecret } from '#domains/identity/index.ts'
import { openStorage } from '#storage/open.ts'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'
import { findInStores } from '#tests/stores.ts'
import { createBatch, type Session, send } from '#tests/views.ts'
import { readViews } from '#tests/warehouse.ts'

const TITLE = 'bunny-01'
const kidId = `kid-${randomUUID()}`
const name = `Quillon ${randomUUID().slice(0, 8)}`
const ADULT = 'ada'
let platform: Platform
let kid: Client
let adult: Client
let pseudonyms: { readonly kid: string; readonly adult: string }

/** A child of the demo's household, with a session as `stepInto` would give. */
async function addKid(): Promise<string> {
  const storage = await openStorage({
    dataDir: platform.dataDir,
    urls: {},
    clock: systemClock,
    log: silentLog,
    role: 'guest',
  })
  try {
    const secret = readSecret(path.join(platform.dataDir, 'secret'))
    const identity = await openIdentity({ records: storage.records, clock: systemClock, secret })
    const person = {
      tenantId: DEMO_TENANT,
      id: kidId,
      name,
      role: 'viewer',
      about: '',
      avatarUrl: '',
    } as const
    await identity.ensurePerson({ ...person, kids: true, creatorId: null })
    pseudonyms = {
      kid: identity.viewerKey(DEMO_TENANT, kidId),
      adult: identity.viewerKey(DEMO_TENANT, ADULT),
    }
    const session = await identity.issueSession(DEMO_TENANT, kidId)
    assert.ok(session)
    return `sv_session=${session}`
  } finally {
    await storage.close()
  }
}

before(async () => {
  platform = await startPlatform()
  kid = await createClient(platform.url, undefined, await addKid())
  adult = await createClient(platform.url, ADULT)
  await eventually(
    () => adult.ask<{ title: { playable: boolean } | null }>(`{ title(id: "${TITLE}") { playable } }`),
    ({ title }) => title?.playable === true,
    300_000,
  )
})
after(async () => {
  await platform?.stop()
})

type Play = Session & { readonly id: string; readonly cmcdUrl: string }
const openPlay = async (client: Client): Promise<Play> =>
  (
    await client.ask<{ createPlaySession: Play }>(
      `mutation { createPlaySession(titleId: "${TITLE}") { id token writeKey cmcdUrl } }`,
    )
  ).createPlaySession

/** Looks at the home page, watches with our player, then with one that reports CMCD. Gives the ids of the views. */
async function watchTwice(client: Client): Promise<{ sids: string[]; plays: Play[] }> {
  await client.ask('{ home { rows { slots { title { id } } } } }')
  const ours = await openPlay(client)
  const theirs = await openPlay(client)
  const sids = [randomUUID(), randomUUID()] as const
  assert.equal(await send(platform.url, createBatch(ours, sids[0])), 202)
  const at = Date.now() - 4000
  const reports = ['s', 'p', 'e'].map(
    (sta, sn) => `e=ps,sid="${sids[1]}",sn=${sn},sta=${sta},ts=${at + sn * 1500},v=2`,
  )
  const answer = await fetch(new URL(theirs.cmcdUrl, platform.url), {
    method: 'POST',
    headers: { 'content-type': 'application/cmcd' },
    body: reports.join('\n'),
  })
  assert.equal(answer.status, 204)
  return { sids: [...sids], plays: [ours, theirs] }
}

test('what a child watched is counted, and no store knows who it was', { timeout: 600_000 }, async () => {
  const ofKid = await watchTwice(kid)
  const ofAdult = await watchTwice(adult)
  await assert.rejects(
    kid.ask(`mutation { rateTitle(titleId: "${TITLE}", stars: 5) { id } }`),
    'a child leaves no opinion either',
  )
  const all = [...ofKid.sids, ...ofAdult.sids]
  const rows = await eventually(
    () => readViews(platform.dataDir, `sid IN ('${all.join("', '")}')`),
    ({ length }) => length === all.length,
    60_000,
  )
  const viewerKeys = new Map(rows.map((row) => [row.sid, row.viewerKey]))
  assert.deepEqual(
    all.map((sid) => viewerKeys.get(sid)),
    [null, null, pseudonyms.adult, pseudonyms.adult],
  )
  await platform.halt()

  const { plays } = ofKid
  assert.notEqual(plays[0]?.id, plays[1]?.id)
  const secrets = [kidId, name, pseudonyms.kid, kid.cookie(), ...plays.map(({ token }) => token)]
  assert.deepEqual(await findInStores(platform.dataDir, secrets), [])

  const seen = await findInStores(platform.dataDir, [pseudonyms.adult, ...ofKid.sids])
  const found = (store: string, word: string): boolean =>
    seen.some((place) => place.startsWith(`${store}: `) && place.endsWith(`: ${word}`))
  for (const store of ['log', 'warehouse', 'files']) assert.ok(found(store, pseudonyms.adult), store)
  // A view's own id is where its events are, and nowhere beyond: no store keeps it longer than the view.
  for (const sid of ofKid.sids) {
    const places = seen
      .filter((place) => place.endsWith(`: ${sid}`))
      .map((place) => place.split(':').slice(0, 2).join(':'))
    const allowed = /^log: playback\.events|^warehouse: (playback_events|views|late_views)$|^files: event-log/
    assert.deepEqual(
      places.filter((place) => !allowed.test(place)),
      [],
    )
  }
})
