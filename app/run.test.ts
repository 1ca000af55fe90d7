/** The program as people start and stop it: `.env`, mistakes in words, and an orderly end at any time. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'

const root = mkdtempSync(path.join(tmpdir(), 'run-'))
const started = new Set<ChildProcess>()
after(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** Starts a program of ours in a folder of its own, without settings but those given. */
function start(env: Record<string, string>, { cwd = root, program = 'main.ts', args = ['--empty'] } = {}) {
  const { PATH, HOME } = process.env
  const file = path.join(import.meta.dirname, program)
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...(PATH && { PATH }), ...(HOME && { HOME }), LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const ended = once(child, 'exit').then(([code]) => {
    started.delete(child)
    return code as number | null
  })
  return { child, ended, problems: text(child.stderr) }
}

const childrenOf = (pid: number): string[] =>
  execFileSync('ps', ['-eo', 'ppid,args'])
    .toString()
    .split('\n')
    .filter((line) => Number.parseInt(line, 10) === pid && !line.includes('ps -eo'))

test('reads .env of the folder it is started in; the environment wins', async () => {
  const cwd = path.join(root, 'dotenv')
  mkdirSync(cwd)
  writeFileSync(path.join(cwd, '.env'), 'PORT=eighty\nTRANSCODE_JOBS=none\n')
  for (const [program, args] of [
    ['main.ts', []],
    ['cli.ts', ['models']],
  ] as const) {
    const { ended, problems } = start({ TRANSCODE_JOBS: 'many' }, { cwd, program, args: [...args] })
    assert.equal(await ended, 1)
    assert.match(await problems, /^ {2}PORT=eighty: [^]*^ {2}TRANSCODE_JOBS=many: /m)
  }
})

test('a port that is taken is refused in words, and nothing is left behind', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const dataDir = path.join(root, 'taken')
  const { port } = other.address() as AddressInfo
  const { ended, problems } = start({ PORT: String(port), DATA_DIR: dataDir })
  assert.equal(await ended, 1)
  assert.match(await problems, new RegExp(`Port ${port} of 127.0.0.1 [^]*\\(SV_PORT_TAKEN\\)`))
  assert.doesNotMatch(await problems, / at .*\.[jt]s:\d+/)
  assert.equal(existsSync(path.join(dataDir, 'lock')), false)
  other.close()
})

test('SIGTERM during the start closes what is open, in order', async () => {
  for (const waitMs of [0, 700, 1500]) {
    const dataDir = path.join(root, `early-${waitMs}`)
    const { child, ended, problems } = start({ PORT: '0', DATA_DIR: dataDir })
    while (!existsSync(path.join(dataDir, 'lock'))) await new Promise((resolve) => setTimeout(resolve, 10))
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    const begun = Date.now()
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    assert.ok(Date.now() - begun < 10_000)
    assert.equal(await problems, '')
    assert.equal(existsSync(path.join(dataDir, 'lock')), false)
    assert.deepEqual(childrenOf(child.pid as number), [])
  }
})

test('SIGTERM lets a request in hand finish, ends subscriptions, and exits within 10 s', async () => {
  const { child, ended, problems } = start({ PORT: '0', DATA_DIR: path.join(root, 'drain') })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const url = /http:\S+/.exec(line.toString())?.[0] as string
  const body = JSON.stringify({ query: '{ status { ready } }' })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const answer = text(socket)
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  socket.write(body.slice(0, 10))
  const subscription = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { status { ready } }' }),
  })
  const begun = Date.now()
  child.kill('SIGTERM')
  assert.match(await subscription.text(), /"ready":true/)
  const ready = await fetch(`${url}/readyz`)
  assert.deepEqual([ready.status, await ready.json()], [503, { ready: false, why: 'stopping' }])
  await new Promise((resolve) => setTimeout(resolve, 500))
  assert.equal(child.exitCode, null)
  socket.write(body.slice(10))
  assert.match(await answer, /^HTTP\/1.1 200 [^]*{"data":{"status":{"ready":true}}}/)
  assert.equal(await ended, 0)
  assert.ok(Date.now() - begun < 10_000)
  assert.equal(await problems, '')
})
