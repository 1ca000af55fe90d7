/** Slow and hostile clients on real sockets: cut off, told why where they can hear it, and counted. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createCutOffs } from '#app/cut-offs.ts'
import { createHttp, type HttpOptions } from '#app/http.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function open(t: TestContext, more: Partial<HttpOptions>) {
  const cutOffs = createCutOffs()
  const app = createHttp({
    log: silentLog,
    notReady: () => null,
    metrics: async () => '',
    mayWatch: async () => true,
    cutOffs,
    ...more,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  let received = 0
  app.patch('/uploads/1', async (request, reply) => {
    for await (const chunk of request.raw) received += (chunk as Buffer).length
    return reply.status(204).send()
  })
  app.get('/full', async () => {
    throw new Refusal({ code: 'SV_FULL', status: 503, fix: 'later' }, 'Full.')
  })
  app.get('/busy', async (_request, reply) => reply.status(429).send('busy'))
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return { app, port, cutOffs, received: () => received }
}
/** What comes back until the server hangs up, and the socket to write on. */
function dial(port: number, localAddress = '127.0.0.1'): { socket: Socket; answer: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  // Reset or ended: either way that is all there is.
  socket.on('error', () => undefined)
  return { socket, answer: once(socket, 'close').then(() => text) }
}

test('headers that trickle are cut off', async (t) => {
  const { port, cutOffs } = await open(t, { headersMs: 400 })
  const { socket, answer } = dial(port)
  socket.write('GET /healthz HTTP/1.1\r\n')
  const trickle = setInterval(() => socket.write('x-a: b\r\n'), 50)
  t.after(() => clearInterval(trickle))
  assert.match(await answer, /^HTTP\/1\.1 408 /)
  assert.equal(cutOffs.snapshot()['headers too slow'], 1)
})

test('headers without end and what is no HTTP are answered in a line', async (t) => {
  const { port, cutOffs } = await open(t, {})
  const huge = dial(port)
  huge.socket.write(`GET /healthz HTTP/1.1\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`)
  assert.match(await huge.answer, /^HTTP\/1\.1 431 /)
  const noise = dial(port)
  noise.socket.write('\x16\x03\x01\x02\x00\r\n\r\n')
  assert.match(await noise.answer, /^HTTP\/1\.1 400 /)
  const { 'headers too large': large, 'not HTTP': notHttp } = cutOffs.snapshot()
  assert.deepEqual([large, notHttp], [1, 1])
})

test('one address holds so many connections, others are served, and places are given back', async (t) => {
  const { port, cutOffs } = await open(t, { connectionsPerAddress: 5 })
  const held = Array.from({ length: 5 }, () => dial(port))
  await Promise.all(held.map(({ socket }) => once(socket, 'connect')))
  await wait(50)
  assert.match(await dial(port).answer, /^HTTP\/1\.1 503 [^]*Retry-After: 5\r\n/)
  assert.equal(cutOffs.snapshot()['too many connections'], 1)
  const ask = (from: string) => {
    const { socket, answer } = dial(port, from)
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    return answer
  }
  assert.match(await ask('127.0.0.2'), /^HTTP\/1\.1 200 /)
  const [first] = held
  first?.socket.destroy()
  await first?.answer
  await wait(50)
  assert.match(await ask('127.0.0.1'), /^HTTP\/1\.1 200 /)
  for (const { socket } of held) socket.destroy()
})

test('an upload that stands still is cut off, one that comes slowly is not', async (t) => {
  const { port, cutOffs, received } = await open(t, { uploadIdleMs: 600, bodyMs: 100 })
  const begin = (bytes: number): ReturnType<typeof dial> => {
    const call = dial(port)
    call.socket.write(
      `PATCH /uploads/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: a/b\r\ncontent-length: ${bytes}\r\n\r\n`,
    )
    return call
  }
  const slow = begin(10)
  for (let n = 0; n < 10; n++) {
    slow.socket.write('x')
    await wait(120)
  }
  assert.match(await slow.answer, /^HTTP\/1\.1 204 /)
  assert.equal(received(), 10)
  const stalled = begin(10)
  stalled.socket.write('xxx')
  assert.equal(await stalled.answer, '')
  assert.equal(cutOffs.snapshot()['upload idle'], 1)
})

test('every refusal for now says when to come back', async (t) => {
  const { port } = await open(t, {})
  for (const [path, status] of [
    ['/full', 503],
    ['/busy', 429],
  ] as const) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [status, '2'])
  }
})
