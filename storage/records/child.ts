/** The programs of PostgreSQL as children of ours: what they said last, when they are gone, and a watch over ourselves. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { ServerUser } from '#storage/records/server-user.ts'

const KEPT_LINES = 20

/** Stderr of a child, its last lines kept for the message when it fails. */
export function keepLines(child: ChildProcess): {
  text(): string
  onLine(heard: (line: string) => void): void
} {
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      for (const heard of listeners) heard(line)
    }
  })
  return { text: () => lines.join('\n') + rest, onLine: (heard) => void listeners.add(heard) }
}

export const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))

const WATCH = 'read _; kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 1; done; rmdir "$2"'

/**
 * Waits in a shell that costs nothing: when our end of its pipe closes, however we died, the server is told to stop,
 * and the folder of its socket goes with it.
 */
export function watchOverUs(user: ServerUser, pid: number, socketDir: string): ChildProcess | null {
  if (process.platform === 'win32') return null
  const watch = spawn('/bin/sh', ['-c', WATCH, 'sh', String(pid), socketDir], {
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
