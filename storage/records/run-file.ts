/** Word left by the process that runs the server, for a second process beside it and for the next start. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export type RunFile = { readonly url: string; readonly socketDir: string; readonly pid: number }

const fileIn = (dir: string): string => path.join(dir, 'run.json')

/** Null when nobody left word, or it cannot be read. */
export function readRunFile(dir: string): RunFile | null {
  try {
    return JSON.parse(readFileSync(fileIn(dir), 'utf8')) as RunFile
  } catch {
    return null
  }
}

/** Holds the password: readable by this user only. */
export function writeRunFile(dir: string, run: RunFile): void {
  writeFileSync(`${fileIn(dir)}.new`, JSON.stringify(run), { mode: 0o600 })
  renameSync(`${fileIn(dir)}.new`, fileIn(dir))
}

export const removeRunFile = (dir: string): void => rmSync(fileIn(dir), { force: true })
