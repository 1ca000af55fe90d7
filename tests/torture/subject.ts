/** The victim as the torture holds it: started, ordered about, killed with all it started, started again. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { processTree } from '#tests/process-tree.ts'
import type { Findings, Order, Said } from '#tests/torture/orders.ts'

export type Subject = {
  readonly port: number
  readonly pid: number
  /** Resolves when it ended, however. */
  readonly ended: Promise<void>
  /** How it ended and its last words; null while it lives. */
  fate(): string | null
  /** Resolves when done; null when it ended before. */
  order(order: Order): Promise<Findings | null>
  /** It and all it started do nothing more, as when the power goes; only `kill` comes after. */
  freeze(): void
  /** SIGKILL, to it and to all it started; resolves when all are gone. */
  kill(): Promise<void>
}
export type SubjectOptions = {
  readonly dir: string
  readonly durable?: boolean
  readonly onTitles: (titles: Readonly<Record<string, number>>) => void
}

const START_MS = 90_000

export async function startSubject({ dir, durable = true, onTitles }: SubjectOptions): Promise<Subject> {
  const child = fork(path.join(import.meta.dirname, 'victim.ts'), [dir, String(durable)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let problem = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    problem = (problem + chunk.toString()).slice(-4000)
    if (process.env['TORTURE_LOG'] !== undefined) process.stderr.write(chunk)
  })
  let fate: string | null = null
  const ended = new Promise<void>((resolve) =>
    child.once('exit', (code, signal) => {
      fate = `${signal ?? code} ${problem.trim()}`
      resolve()
    }),
  )
  const waiting = new Map<number, (findings: Findings | null) => void>()
  void ended.then(() => {
    for (const resolve of waiting.values()) resolve(null)
  })
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
    child.on('message', (said: Said) => {
      if (said.say === 'ready') resolve(said.port)
      if (said.say === 'titles') onTitles(said.titles)
      if (said.say === 'done') waiting.get(said.number)?.(said.findings ?? null)
    })
    void ended.then(() => reject(new Error(`the victim does not start: ${fate}`)))
    const clear = (): void => clearTimeout(timer)
    child.once('exit', clear).once('message', clear)
  })
  let orders = 0
  return {
    port,
    pid: child.pid as number,
    ended,
    fate: () => fate,
    order: (order) =>
      new Promise((resolve) => {
        const number = orders++
        waiting.set(number, (findings) => {
          waiting.delete(number)
          resolve(findings)
        })
        if (!child.connected) resolve(null)
        else child.send({ number, order }, (error) => error !== null && resolve(null))
      }),
    freeze: () => {
      signalAll(processTree(child.pid as number), 'SIGSTOP')
    },
    kill: () => killTree(child, ended),
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

async function killTree(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const tree = processTree(child.pid as number)
  signalAll(tree, 'SIGKILL')
  await ended
  await gone(tree)
}

/** A killed process holds its files until the system has taken it away. */
export async function gone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // gone, which is what was asked
    return false
  }
}
