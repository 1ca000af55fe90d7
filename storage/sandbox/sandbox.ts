/**
 * SQL of strangers, over rows that were put aside for them: a process of its own with an empty environment, a data folder
 * that holds nothing else, an engine user who may read it and no more, and a check of every statement before it runs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { assert } from '#base/assert.ts'
import { Refusal } from '#base/refusal.ts'
import { SANDBOX_LIMITS } from '#storage/sandbox/engine-config.ts'
import { refusals, type SandboxRefusal } from '#storage/sandbox/errors.ts'

/** An answer waits in the sandbox until it is read, or its body destroyed. */
export type SandboxAnswer = { readonly bytes: number; readonly body: Readable }

export type Sandbox = {
  /**
   * The answer to one statement in a format of the engine (ArrowStream, Parquet, CSVWithNames, JSON ...).
   * Refuses with `SV_SQL_...` what may not be asked, is wrong, too much or too slow.
   */
  ask(statement: string, format: string): Promise<SandboxAnswer>
  pid(): number | undefined
  /** Ends the process and removes the folder. */
  close(): Promise<void>
}

export type SandboxOptions = {
  /** Of its own; made when it is not there, removed when it closes. */
  readonly dir: string
  /** Our own statements that make the tables and fill them; files they name lie in `dir` and are removed after it. */
  readonly statements: readonly string[]
  /** Ends the loading; the sandbox then rejects, and leaves nothing behind. */
  readonly signal?: AbortSignal
}

const PROGRAM = path.join(import.meta.dirname, 'sandbox-process.ts')
/** What a statement gets beyond its own limit, for statements that wait and for an engine that does not see its limit. */
const GRACE_MS = 10_000

export async function openSandbox({ dir, statements, signal }: SandboxOptions): Promise<Sandbox> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  // Paths of Unix sockets are short.
  const socketDir = mkdtempSync(path.join(tmpdir(), 'svs-'))
  const socketPath = path.join(socketDir, 's.sock')
  const remove = (): void => {
    rmSync(socketDir, { recursive: true, force: true })
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    writeFileSync(path.join(dir, 'statements.json'), JSON.stringify(statements), { mode: 0o600 })
    await loaded(start(['load', dir]), signal)
    for (const name of readdirSync(dir)) {
      if (name !== 'data') rmSync(path.join(dir, name), { recursive: true })
    }
  } catch (error) {
    remove()
    throw error
  }
  let serving: Promise<ChildProcess> | undefined
  let closed = false
  const agent = new Agent({ keepAlive: true })

  const served = (): Promise<ChildProcess> => {
    if (closed) throw new Refusal(refusals.ended, 'The sandbox is closed.')
    if (serving === undefined) {
      const began = begin(dir, socketPath)
      const over = (): void => {
        if (serving === began) serving = undefined
      }
      began.then((child) => child.once('exit', over), over)
      serving = began
    }
    return serving
  }
  let pid: number | undefined
  return {
    ask: async (statement, format) => {
      const working = served()
      const child = await working
      pid = child.pid
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), SANDBOX_LIMITS.seconds * 1000 + GRACE_MS)
      try {
        return await send({ agent, socketPath, format, statement, signal: late.signal })
      } catch (error) {
        if (error instanceof Refusal) throw error
        // The engine does not look at its clock in every loop: what goes on for ever goes with its process.
        if (serving === working) serving = undefined
        await ended(child)
        if (late.signal.aborted) {
          throw new Refusal(refusals.tooSlow, 'The statement did not end in time.', { cause: error })
        }
        throw new Refusal(refusals.ended, 'The process ended while it worked on the statement.', {
          cause: error,
        })
      } finally {
        clearTimeout(timer)
      }
    },
    pid: () => pid,
    close: async () => {
      closed = true
      agent.destroy()
      const child = await serving?.catch(() => undefined)
      if (child !== undefined) await ended(child)
      remove()
    },
  }
}

/** Nothing of ours is handed on: no environment, no folder to be in but the root. */
function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--max-old-space-size=512', PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
    cwd: '/',
  })
  child.stdin?.on('error', () => {})
  // One that cannot be started says so here, and is as one that ended.
  child.on('error', () => child.emit('exit', 1, null))
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGKILL')
  await gone
}

async function loaded(child: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  const problem = heard(child)
  const stop = (): boolean => child.kill('SIGKILL')
  signal?.addEventListener('abort', stop)
  if (signal?.aborted === true) stop()
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  assert(code === 0, `the rows could not be loaded: ${problem()}`)
}

function heard(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4000)
  })
  return () => text
}

async function begin(dir: string, socketPath: string): Promise<ChildProcess> {
  rmSync(socketPath, { force: true })
  const child = start(['serve', dir, socketPath])
  const problem = heard(child)
  const isReady = await new Promise<boolean>((resolve) => {
    child.stdout?.once('data', () => resolve(true))
    child.once('exit', () => resolve(false))
  })
  assert(isReady, `the sandbox does not start: ${problem()}`)
  return child
}

type Question = {
  readonly agent: Agent
  readonly socketPath: string
  readonly format: string
  readonly statement: string
  readonly signal: AbortSignal
}

const send = ({ agent, socketPath, format, statement, signal }: Question): Promise<SandboxAnswer> =>
  new Promise((resolve, reject) => {
    const body = Buffer.from(statement)
    const outgoing = request(
      {
        agent,
        socketPath,
        path: `/?format=${encodeURIComponent(format)}`,
        method: 'POST',
        headers: { 'content-length': body.length },
        signal,
      },
      (incoming) => {
        if (incoming.statusCode === 200)
          return resolve({ bytes: Number(incoming.headers['content-length']), body: incoming })
        text(incoming).then((answer) => {
          const { kind, message } = JSON.parse(answer) as { kind: SandboxRefusal; message: string }
          reject(new Refusal(refusals[kind], message))
        }, reject)
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
