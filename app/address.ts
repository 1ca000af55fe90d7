/** Where a running platform and its SQL endpoint can be reached from this machine: word left for the command line. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

type Door = 'address' | 'sql-address'
const fileIn = (dataDir: string, door: Door): string => path.join(dataDir, door)

/** Null when no platform left word. It may be of one that was killed. */
export function readAddress(dataDir: string, door: Door = 'address'): string | null {
  try {
    return readFileSync(fileIn(dataDir, door), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
export function leaveAddress(dataDir: string, url: string, door: Door = 'address'): void {
  writeFileSync(`${fileIn(dataDir, door)}.new`, `${url}\n`, { mode: 0o600 })
  renameSync(`${fileIn(dataDir, door)}.new`, fileIn(dataDir, door))
}
export const removeAddress = (dataDir: string, door: Door = 'address'): void =>
  rmSync(fileIn(dataDir, door), { force: true })
