/**
 * A PostgreSQL of our own in a folder: made once, started with small memory, stopped fast, started again when it dies
 * alone, and taken down with us even when we are killed. Only this user (and root) can reach its socket.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { required } from '#base/assert.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/records/errors.ts'
import { stopLeftover } from '#storage/records/leftover.ts'
import { findProgram, type Program } from '#storage/records/program.ts'
import { readRunFile, removeRunFile, writeRunFile } from '#storage/records/run-file.ts'
import { commonTemp, openDoorway, type ServerUser, serverUser } from '#storage/records/server-user.ts'

const USER = 'streamverse'
const READY_MS = 30_000

export type Server = {
  readonly url: string
  /** Process id of the running server. */
  pid(): number
  close(): Promise<void>
}

const settings = (address: { socketDir: string; port: number; tcp: boolean }): string[] =>
  Object.entries({
    listen_addresses: address.tcp ? '127.0.0.1' : '',
    port: address.port,
    unix_socket_directories: address.tcp ? '' : address.socketDir,
    unix_socket_permissions: '0700',
    max_connections: 40,
    shared_buffers: '32MB',
    work_mem: '4MB',
    maintenance_work_mem: '32MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    wal_buffers: '1MB',
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    jit: 'off',
    io_method: 'sync',
    max_worker_processes: 2,
    max_parallel_workers: 0,
    max_parallel_workers_per_gather: 0,
    autovacuum_max_workers: 1,
    timezone: 'UTC',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])

/** Stderr of a child, its last lines kept for the message when it fails. */
function keepLines(child: ChildProcess): { text(): string; onLine(heard: (line: string) => void): void } {
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      if (lines.length > 20) lines.shift()
      for (const heard of listeners) heard(line)
    }
  })
  return { text: () => lines.join('\n') + rest, onLine: (heard) => void listeners.add(heard) }
}

const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))

async function makeCluster(program: Program, user: ServerUser, dir: string, password: string, temp: string) {
  const data = path.join(dir, 'data')
  if (existsSync(data)) return
  const half = path.join(dir, 'data.new')
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half, { recursive: true, mode: 0o700 })
  own(user, half)
  const secret = path.join(temp, 'password')
  writeFileSync(secret, password, { mode: 0o600 })
  own(user, secret)
  const door = openDoorway(user, half)
  const child = spawn(
    program.initdb,
    ['-D', door.path, '-U', USER, '--auth=scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--no-locale'],
    { ...user, cwd: '/', env: { LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe', ...door.descriptors] },
  )
  const said = keepLines(child)
  const problem = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? null : `exit ${code}`))
  })
  door.close()
  rmSync(secret, { force: true })
  if (problem !== null) {
    throw new Refusal(refusals.cannotStart, `initdb failed (${problem}): ${said.text()}`)
  }
  renameSync(half, data)
}

function own({ uid, gid }: ServerUser, file: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid)
}

function secretOf(dir: string): string {
  const file = path.join(dir, 'password')
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  }
  return readFileSync(file, 'utf8')
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Waits in a shell that costs nothing: when our end of its pipe closes, however we died, the server is told to stop. */
function watchOverUs(user: ServerUser, pid: number): ChildProcess | null {
  if (process.platform === 'win32') return null
  const watch = spawn('/bin/sh', ['-c', 'read _; kill -INT "$1"', 'sh', String(pid)], {
    ...user,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watch.on('error', () => {})
  watch.stdin?.on('error', () => {})
  watch.unref()
  ;(watch.stdin as unknown as { unref?: () => void } | null)?.unref?.()
  return watch
}

/** One run of the server: resolves when it accepts connections. */
async function launch(
  program: Program,
  user: ServerUser,
  dir: string,
  args: string[],
): Promise<{ child: ChildProcess; pid: number }> {
  const door = openDoorway(user, path.join(dir, 'data'))
  const child = spawn(program.postgres, ['-D', door.path, ...args], {
    ...user,
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', ...door.descriptors],
    detached: true,
  })
  door.close()
  const said = keepLines(child)
  const started = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), READY_MS)
    said.onLine((line) => {
      if (line.includes('ready to accept connections')) {
        clearTimeout(timer)
        resolve(true)
      }
    })
    child.once('error', () => resolve(false))
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(false)
    })
  })
  if (started) return { child, pid: required(child.pid, 'process id') }
  child.kill('SIGKILL')
  throw new Refusal(refusals.cannotStart, `PostgreSQL did not start: ${said.text()}`)
}

/** Children of a server that was killed outright may need a moment to notice. */
async function patiently(start: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await start()
      return
    } catch (error) {
      if (attempt === 50 || !/shared memory block|lock file/.test((error as Error).message)) throw error
      await sleep(100)
    }
  }
}

/** Opens the server of a folder, and keeps it open until closed. */
export async function openServer(options: { readonly dir: string; readonly log: Log }): Promise<Server> {
  const { dir, log } = options
  const user = serverUser()
  mkdirSync(dir, { recursive: true, mode: 0o711 })
  const program = findProgram(user, path.join(dir, 'program'))
  await stopLeftover(path.join(dir, 'data'), log)
  const before = readRunFile(dir)
  if (before !== null && /[\\/]svpg-[^\\/]+$/.test(before.socketDir)) {
    rmSync(before.socketDir, { recursive: true, force: true })
  }
  const socketDir = mkdtempSync(path.join(commonTemp(user, tmpdir()), 'svpg-'))
  chmodSync(socketDir, 0o700)
  own(user, socketDir)
  const password = secretOf(dir)
  await makeCluster(program, user, dir, password, socketDir)

  const tcp = process.platform === 'win32'
  const address = { socketDir, tcp, port: tcp ? await freePort() : 5432 }
  const at = tcp ? '' : `?host=${encodeURIComponent(socketDir)}`
  const url = `postgres://${USER}:${password}@127.0.0.1:${address.port}/postgres${at}`
  let closed = false
  let current: { child: ChildProcess; pid: number; watch: ChildProcess | null }
  const start = async (): Promise<void> => {
    const { child, pid } = await launch(program, user, dir, settings(address))
    const watch = watchOverUs(user, pid)
    current = { child, pid, watch }
    writeRunFile(dir, { url, socketDir, pid })
    child.once('exit', (code, signal) => {
      watch?.kill('SIGKILL')
      if (closed) return
      log.error({ code, signal }, 'PostgreSQL died; starting it again')
      void restart()
    })
    if (closed) child.kill('SIGINT')
  }
  const restart = async (): Promise<void> => {
    for (let attempt = 0; !closed; attempt++) {
      await sleep(Math.min(50 * 2 ** attempt, 5000))
      try {
        await start()
        log.info({}, 'PostgreSQL is back')
        return
      } catch (error) {
        log.error({ error }, 'PostgreSQL does not start')
      }
    }
  }
  await patiently(start)
  return {
    url,
    pid: () => current.pid,
    close: async () => {
      closed = true
      const { child, watch } = current
      child.kill('SIGINT')
      const late = setTimeout(() => child.kill('SIGQUIT'), 8000)
      await exited(child)
      clearTimeout(late)
      watch?.kill('SIGKILL')
      removeRunFile(dir)
      rmSync(socketDir, { recursive: true, force: true })
    },
  }
}
