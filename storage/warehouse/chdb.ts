/**
 * The embedded warehouse: ClickHouse in a process of its own, reached over a Unix socket. Started with the platform,
 * started again when it dies alone; a command line beside a running platform attaches to the same socket.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/warehouse/errors.ts'
import { openHttpWarehouse } from '#storage/warehouse/http.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const PROGRAM = path.join(import.meta.dirname, 'chdb-process.ts')
const START_MS = 60_000
const LONGEST_PAUSE_MS = 5000
/** Paths of Unix sockets are short: 104 bytes on macOS, 108 on Linux. */
const SOCKET_LIMIT = 100

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const whereFile = (dir: string): string => path.join(dir, 'socket')

/** The socket stands in the data folder, or where its path is short enough. */
function chooseSocket(dir: string): { socketPath: string; temporary: string | null } {
  const own = path.join(dir, 'warehouse.sock')
  if (Buffer.byteLength(own) <= SOCKET_LIMIT) return { socketPath: own, temporary: null }
  const temporary = mkdtempSync(path.join(tmpdir(), 'svw-'))
  return { socketPath: path.join(temporary, 'w.sock'), temporary }
}

export async function openChdb({
  dir,
  log,
}: {
  readonly dir: string
  readonly log: Log
}): Promise<Warehouse & { readonly pid: () => number | undefined }> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const { socketPath, temporary } = chooseSocket(dir)
  const sharedFolder = path.join(dir, 'incoming')
  rmSync(sharedFolder, { recursive: true, force: true })
  mkdirSync(sharedFolder, { mode: 0o700 })
  let child: ChildProcess | undefined
  let starting: Promise<void> | undefined
  let closed = false
  let pauseMs = 100

  const start = async (): Promise<void> => {
    const started = await startProcess(dir, socketPath)
    child = started
    pauseMs = 100
    writeFileSync(whereFile(dir), socketPath, { mode: 0o600 })
    started.once('exit', (code, signal) => {
      if (closed) return
      log.warn({ code, signal }, 'the warehouse process ended and is started again')
      restart()
    })
  }
  const restart = (): void => {
    starting = (async () => {
      while (!closed) {
        await wait(pauseMs)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
        try {
          return await start()
        } catch (error) {
          log.error({ err: error }, 'the warehouse process does not start')
        }
      }
    })()
  }
  await start()
  const warehouse = openHttpWarehouse({
    socketPath,
    sharedFolder,
    onUnreachable: async () => {
      if (closed) throw new Refusal(refusals.unavailable, 'The warehouse is closed.')
      await wait(50)
      await starting
    },
    onClose: async () => {
      closed = true
      await starting
      if (child !== undefined) await stopProcess(child)
      if (temporary !== null) rmSync(temporary, { recursive: true, force: true })
      rmSync(whereFile(dir), { force: true })
    },
  })
  return { ...warehouse, pid: () => child?.pid }
}

/** The warehouse of a platform that runs beside us; refused when none does. */
export async function attachChdb({ dir }: { readonly dir: string }): Promise<Warehouse> {
  let socketPath: string
  try {
    socketPath = readFileSync(whereFile(dir), 'utf8')
  } catch (error) {
    throw new Refusal(refusals.unavailable, 'No platform runs on this data.', { cause: error })
  }
  return openHttpWarehouse({ socketPath, onUnreachable: () => wait(250), onClose: async () => {} })
}

/** Resolves when the process accepts statements. One left by a killed parent ends by itself; until then we wait. */
async function startProcess(dir: string, socketPath: string): Promise<ChildProcess> {
  const deadline = Date.now() + START_MS
  for (;;) {
    const child = spawn(process.execPath, ['--max-old-space-size=512', PROGRAM, dir, socketPath], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin?.on('error', () => {})
    let problem = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      problem = (problem + chunk.toString()).slice(-4000)
    })
    const ready = await new Promise<boolean>((resolve) => {
      child.stdout?.once('data', () => resolve(true))
      child.once('exit', () => resolve(false))
    })
    if (ready) return child
    if (Date.now() > deadline)
      throw new Refusal(refusals.unavailable, `The warehouse does not start: ${problem}`)
    await wait(150)
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), 8000)
  await gone
  clearTimeout(timer)
}
