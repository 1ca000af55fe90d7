/** Where a running platform can be reached from this machine: word left in the data directory for the command line. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const fileIn = (dataDir: string): string => path.join(dataDir, 'address')

/** Null when no platform left word. It may be of one that was killed. */
export function readAddress(dataDir: string): string | null {
  try {
    return readFileSync(fileIn(dataDir), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
export function leaveAddress(dataDir: string, url: string): void {
  writeFileSync(`${fileIn(dataDir)}.new`, `${url}\n`, { mode: 0o600 })
  renameSync(`${fileIn(dataDir)}.new`, fileIn(dataDir))
}
export const removeAddress = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true })
