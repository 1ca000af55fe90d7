/**
 * A PostgreSQL of our own in a folder: made once, started with small memory, stopped fast, started again when it dies
 * alone, and taken down with us even when we are killed. Only this user (and root) can reach its socket.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { required } from '#base/assert.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { exited, keepLines, watchOverUs } from '#storage/records/child.ts'
import { DATABASE_USER, ensureCluster, own, passwordIn } from '#storage/records/cluster.ts'
import { refusals } from '#storage/records/errors.ts'
import { stopLeftover } from '#storage/records/leftover.ts'
import { findProgram, type Program } from '#storage/records/program.ts'
import { readRunFile, removeRunFile, writeRunFile } from '#storage/records/run-file.ts'
import { commonTemp, openDoorway, type ServerUser, serverUser } from '#storage/records/server-user.ts'

/** Long enough to read back what a power cut left in its journal. */
const READY_MS = 120_000

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

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
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
  const password = passwordIn(dir)
  await ensureCluster({ initdb: program.initdb, user, dir, password, temp: socketDir })

  const tcp = process.platform === 'win32'
  const address = { socketDir, tcp, port: tcp ? await freePort() : 5432 }
  const at = tcp ? '' : `?host=${encodeURIComponent(socketDir)}`
  const url = `postgres://${DATABASE_USER}:${password}@127.0.0.1:${address.port}/postgres${at}`
  let closed = false
  let restarting = Promise.resolve()
  let current: { child: ChildProcess; pid: number; watch: ChildProcess | null }
  const start = async (): Promise<void> => {
    const { child, pid } = await launch(program, user, dir, settings(address))
    const watch = watchOverUs(user, pid, socketDir)
    current = { child, pid, watch }
    writeRunFile(dir, { url, socketDir, pid })
    child.once('exit', (code, signal) => {
      watch?.kill('SIGKILL')
      if (closed) return
      log.error({ code, signal }, 'PostgreSQL died; starting it again')
      restarting = restart()
    })
  }
  const restart = async (): Promise<void> => {
    for (let attempt = 0; !closed; attempt++) {
      await sleep(Math.min(50 * 2 ** attempt, 5000))
      try {
        await start()
        log.info({}, 'PostgreSQL is back')
        return
      } catch (error) {
        log.error({ err: error }, 'PostgreSQL does not start')
      }
    }
  }
  await patiently(start)
  return {
    url,
    pid: () => current.pid,
    close: async () => {
      closed = true
      await restarting
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
