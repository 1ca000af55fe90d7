import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createHttp } from '#app/http.ts'
import { silentLog } from '#base/log.ts'

const options = { log: silentLog, notReady: () => null, metrics: async () => '', mayWatch: async () => true }
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A server with one route that answers when it is told to. */
async function openSlow(forceAfterMs: number) {
  const app = createHttp({ ...options, forceAfterMs })
  const reached = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  app.get('/slow', async () => {
    reached.resolve()
    await finish.promise
    return { slow: true }
  })
  app.get('/events', (_request, reply) => {
    const events = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from(': hello\n\n')),
    })
    return reply.type('text/event-stream').send(events)
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, url, reached: reached.promise, finish: finish.resolve }
}

test('a closing server finishes what is in hand, begins nothing new and is not ready', async () => {
  const { app, url, reached, finish } = await openSlow(20_000)
  const slow = fetch(`${url}/slow`)
  await reached
  let closed = false
  const closing = app.close().then(() => {
    closed = true
  })
  await wait(50)
  const ready = await fetch(`${url}/readyz`)
  assert.deepEqual([ready.status, await ready.json()], [503, { ready: false, why: 'stopping' }])
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  const late = await fetch(`${url}/slow`)
  assert.deepEqual([late.status, late.headers.get('retry-after')], [503, '2'])
  assert.equal(((await late.json()) as { code: string }).code, 'SV_STOPPING')
  assert.equal(closed, false)
  finish()
  assert.deepEqual(await (await slow).json(), { slow: true })
  await closing
  await assert.rejects(fetch(`${url}/readyz`))
})

test('a closing server ends event streams itself, without waiting for its limit', async () => {
  const { app, url } = await openSlow(20_000)
  const response = await fetch(`${url}/events`)
  const begun = Date.now()
  await app.close()
  assert.equal(await response.text(), ': hello\n\n')
  assert.ok(Date.now() - begun < 5000)
})

test('a closing server cuts what does not finish in time', async () => {
  const { app, url, reached } = await openSlow(200)
  const slow = fetch(`${url}/slow`)
  await reached
  const begun = Date.now()
  await Promise.all([app.close(), assert.rejects(slow)])
  const tookMs = Date.now() - begun
  assert.ok(tookMs >= 190 && tookMs < 5000, `${tookMs} ms`)
})

/** Sends a request whose body never ends, and reads what comes back until the server hangs up. */
async function sendHalf(port: number, path: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{`,
  )
  socket.setTimeout(1500, () => socket.destroy())
  return text(Readable.from(socket, { objectMode: false })).catch(() => '')
}

test('a body that does not come in time is refused, but for uploads', async (t) => {
  const app = createHttp({ ...options, bodyMs: 200 })
  t.after(() => app.close())
  app.post('/echo', async (request) => request.body)
  app.post('/uploads', async (request) => request.body)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  assert.match(await sendHalf(port, '/echo'), /^HTTP\/1.1 408[^]*SV_BODY_TOO_SLOW/)
  assert.equal(await sendHalf(port, '/uploads'), '')
  const whole = await app.inject({ method: 'POST', url: '/echo', payload: { whole: true } })
  assert.deepEqual(whole.json(), { whole: true })
  await wait(300)
})

test('the metrics go to those who may watch only', async () => {
  const app = createHttp({ ...options, mayWatch: async ({ headers }) => headers.cookie === 'operator' })
  assert.equal((await app.inject({ url: '/metrics', headers: { cookie: 'operator' } })).statusCode, 200)
  const refused = await app.inject({ url: '/metrics' })
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'SV_METRICS_NOT_ALLOWED'])
})
