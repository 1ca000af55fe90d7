import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openServer } from '#api/server.fixture.ts'

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('a person has so many subscriptions open, others theirs, and one that is closed makes room', async (t) => {
  let listening = 0
  const { app } = await openServer(
    {
      status: async () => ({ ready: true, work: [], eventsStored: 0, activeModel: 'popularity' }),
      onStatus: () => {
        listening++
        return () => {
          listening--
        }
      },
    },
    [],
    3,
  )
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const open = async (as: string) => {
    const stop = new AbortController()
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        cookie: `sv_session=${as}`,
      },
      body: JSON.stringify({ query: 'subscription { status { ready } }' }),
      signal: stop.signal,
    })
    return { response, stop }
  }
  const held = await Promise.all([open('ana'), open('ana'), open('ana')])
  assert.deepEqual(
    held.map(({ response }) => response.status),
    [200, 200, 200],
  )
  const { response } = await open('ana')
  assert.equal(response.status, 429)
  assert.equal(response.headers.get('retry-after'), '5')
  assert.match(await response.text(), /SV_TOO_MANY_SUBSCRIPTIONS/)
  const other = await open('ben')
  assert.equal(other.response.status, 200)
  held[0]?.stop.abort()
  for (let n = 0; n < 300 && listening > 3; n++) await wait(50)
  assert.equal(listening, 3)
  const again = await open('ana')
  assert.equal(again.response.status, 200)
  for (const { stop } of [...held, other, again]) stop.abort()
})
