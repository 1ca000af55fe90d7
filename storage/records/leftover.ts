/** A server that outlived the process that started it is found through its pid file and stopped, so that it never blocks a start. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '#base/log.ts'

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the process is a PostgreSQL at work in this very folder, and not a stranger that got the same number. */
function isServerOf(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
    if (process.platform === 'win32') return true
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data)
  } catch {
    return false
  }
}

export async function stopLeftover(data: string, log: Log): Promise<void> {
  const file = path.join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
  // Of a dead server PostgreSQL itself reads the file, to make sure that its last children are gone too.
  if (!Number.isInteger(pid) || pid <= 0 || !alive(pid)) return
  if (!isServerOf(pid, data)) {
    rmSync(file, { force: true })
    return
  }
  log.warn({ pid }, 'stopping a PostgreSQL left by a killed platform')
  for (const { signal, waitMs } of [
    { signal: 'SIGINT', waitMs: 5000 },
    { signal: 'SIGQUIT', waitMs: 5000 },
    { signal: 'SIGKILL', waitMs: 2000 },
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    for (let waited = 0; waited < waitMs; waited += 20) {
      if (!alive(pid) || !isServerOf(pid, data)) return
      await sleep(20)
    }
  }
}
