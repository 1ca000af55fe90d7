/** Runs one program to its end inside the sandbox, at low priority, with its output read line by line. */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Limits, Sandbox } from '#playback/sandboxing/sandbox.ts'

export type RunOptions = {
  readonly limits: Limits
  readonly wallMs: number
  readonly signal?: AbortSignal | undefined
  readonly cwd?: string
  /** Written to the program's input, which then stays open: a child of ours ends when it closes. */
  readonly input?: string
  readonly onLine?: (line: string) => void
}
export type Ended = {
  readonly exitCode: number | null
  readonly killed: NodeJS.Signals | null
  /** Ran past `wallMs`. */
  readonly late: boolean
  /** The last lines said on the error channel. */
  readonly said: string
}

const LOWEST_PRIORITY = 15
const SAID_LINES = 20

/** Resolves when the program has ended, however it ended; rejects when it cannot start or was cancelled. */
export function runProgram(
  sandbox: Sandbox,
  program: string,
  programArgs: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const { command, args } = sandbox.wrap(program, programArgs, options.limits)
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted()
    const child = spawn(command, args, {
      env: { ...sandbox.environment },
      cwd: options.cwd,
      stdio: 'pipe',
    })
    if (child.pid !== undefined) lowerPriority(child.pid)
    let late = false
    const kill = (): boolean => child.kill('SIGKILL')
    const timer = setTimeout(() => {
      late = true
      kill()
    }, options.wallMs)
    options.signal?.addEventListener('abort', kill, { once: true })
    const said: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line.slice(0, 500))
      if (said.length > SAID_LINES) said.shift()
    })
    createInterface({ input: child.stdout }).on('line', (line) => options.onLine?.(line))
    child.stdin.on('error', () => {
      // the program ended before it read its input: its exit says why
    })
    if (options.input === undefined) child.stdin.end()
    else child.stdin.write(options.input)
    const done = (): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', kill)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('close', (exitCode, killed) => {
      done()
      if (options.signal?.aborted === true) return reject(options.signal.reason as Error)
      resolve({ exitCode, killed, late, said: said.join('\n') })
    })
  })
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, LOWEST_PRIORITY)
  } catch {
    // it ended already, or the system does not let us: it runs at our own priority then
  }
}
