/** One platform at a time in a data directory. The lock of a process that is gone is no obstacle. */
import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A process is named by its number and its birth, because numbers are given again. */
type Holder = { readonly pid: number; readonly born: string }

/** When the process was born, in the system's own words; null when it is gone. */
function birthOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      return fields[0] === 'Z' || fields[0] === 'X' ? null : `${boot} ${fields[19]}`
    }
    process.kill(pid, 0)
    if (process.platform === 'win32') return 'alive'
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return null
  }
}

const holds = (holder: Holder | null): holder is Holder =>
  holder !== null && birthOf(holder.pid) === holder.born

/** Takes the lock or says who has it. Release it with the function that comes back. */
export function takeLock(dir: string): { release: () => void } | { heldBy: number } {
  const file = path.join(dir, 'lock')
  const own = path.join(dir, `lock.${process.pid}`)
  writeFileSync(own, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }), { mode: 0o600 })
  try {
    for (;;) {
      try {
        linkSync(own, file)
        return { release: () => rmSync(file, { force: true }) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readHolder(file)
      if (holds(holder)) return { heldBy: holder.pid }
      putAside(file, holder)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** Moves a dead lock away; if another process took the lock in between, gives that one back. */
function putAside(file: string, dead: Holder | null): void {
  const aside = `${file}.dead.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  const moved = readHolder(aside)
  if (holds(moved) && moved.born !== dead?.born) linkSync(aside, file)
  rmSync(aside, { force: true })
}
