import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import type { Caller, TitleRecord } from '#api/ports.ts'
import { registerArt } from '#app/art.ts'
import { createCallers } from '#app/callers.ts'
import { createHttp } from '#app/http.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { drawPoster } from '#demo/artwork.ts'

const person = (
  tenantId: string,
  role: Caller['roles'][number],
  creatorId: string | null = null,
): Caller => ({
  tenantId,
  person: null,
  roles: [role],
  viewerKey: null,
  kids: false,
  creatorId,
})
const people: Record<string, Caller> = {
  owner: person('demo', 'creator', 'ana'),
  colleague: person('demo', 'creator', 'ben'),
  viewer: person('demo', 'viewer'),
  operator: person('demo', 'operator'),
  neighbour: person('other', 'operator'),
  namesake: person('other', 'creator', 'ana'),
}
const callers = createCallers(async (token) => people[token] ?? null, systemClock)

const draft: TitleRecord = {
  id: 'draft',
  tenantId: 'demo',
  name: 'Unspoken',
  description: '',
  creatorId: 'ana',
  genres: ['drama'],
  status: 'draft',
  durationMs: null,
  ageRating: 'all',
  publishedAt: null,
  createdAt: 1,
  simulated: false,
}
const titles: Record<string, TitleRecord> = {
  draft,
  out: { ...draft, id: 'out', status: 'ready', publishedAt: 1 },
  removed: { ...draft, id: 'removed', status: 'removed', publishedAt: 1 },
}

const app = createHttp({
  log: silentLog,
  notReady: () => null,
  metrics: async () => 'figures',
  mayWatch: callers.mayWatch,
})
registerArt(app, {
  title: async (tenantId, id) => (tenantId === 'demo' ? (titles[id] ?? null) : null),
  callerOf: callers.of,
  draw: drawPoster,
})
const as = (who?: string): InjectOptions =>
  who === undefined ? {} : { headers: { cookie: `sv_session=${who}` } }

test('a published title’s poster is everybody’s', async () => {
  for (const who of [undefined, 'viewer', 'neighbour']) {
    const answer = await app.inject({ url: '/art/demo/out.svg', ...as(who) })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['cache-control'], 'public, max-age=60')
    assert.match(answer.body, /^<svg/)
  }
})

test('any other title’s poster is shown to its creator and its operators only, and never cached', async () => {
  for (const id of ['draft', 'removed']) {
    for (const who of ['owner', 'operator']) {
      const answer = await app.inject({ url: `/art/demo/${id}.svg`, ...as(who) })
      assert.deepEqual([who, answer.statusCode], [who, 200])
      assert.equal(answer.headers['cache-control'], 'private, no-store')
    }
    for (const who of [undefined, 'viewer', 'colleague', 'neighbour', 'namesake']) {
      const answer = await app.inject({ url: `/art/demo/${id}.svg`, ...as(who) })
      assert.deepEqual([who, answer.statusCode, answer.json().code], [who, 404, 'SV_NO_SUCH_TITLE'])
      assert.equal(answer.headers['cache-control'], 'private, no-store')
      assert.doesNotMatch(answer.body, /Unspoken/)
    }
  }
})

test('the metrics are for programs on this machine and for operators', async () => {
  const ask = async (remoteAddress: string, headers: Record<string, string> = {}) =>
    (await app.inject({ url: '/metrics', remoteAddress, headers })).statusCode
  for (const here of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) assert.equal(await ask(here), 200)
  for (const there of ['10.0.0.7', '::ffff:10.0.0.7', '1.127.0.1', 'fe80::1'])
    assert.equal(await ask(there), 403)
  for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'x-real-ip', 'via'])
    assert.equal(await ask('127.0.0.1', { [name]: '10.0.0.7' }), 403)
  const cookie = (who: string) => ({ cookie: `sv_session=${who}`, 'x-forwarded-for': '10.0.0.7' })
  assert.equal(await ask('127.0.0.1', cookie('operator')), 200)
  assert.equal(await ask('10.0.0.7', { cookie: 'sv_session=operator' }), 200)
  assert.equal(await ask('127.0.0.1', cookie('owner')), 403)
})
