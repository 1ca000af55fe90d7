/** The files of a server: made once, whole or not at all, with a password only its folder knows. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { keepLines } from '#storage/records/child.ts'
import { refusals } from '#storage/records/errors.ts'
import { openDoorway, type ServerUser } from '#storage/records/server-user.ts'

const DRAFT = 'data.new-'
export const DATABASE_USER = 'streamverse'

export function own({ uid, gid }: ServerUser, file: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid)
}

export function passwordIn(dir: string): string {
  const file = path.join(dir, 'password')
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  }
  return readFileSync(file, 'utf8')
}

export type ClusterOptions = {
  readonly initdb: string
  readonly user: ServerUser
  readonly dir: string
  readonly password: string
  /** A private folder the server's user may read. */
  readonly temp: string
}

/** Makes `dir/data` if it is not there. A half-made one of a killed start is thrown away. */
export async function ensureCluster({ initdb, user, dir, password, temp }: ClusterOptions): Promise<void> {
  const data = path.join(dir, 'data')
  if (existsSync(data)) return
  for (const name of readdirSync(dir)) {
    if (name.startsWith(DRAFT)) rmSync(path.join(dir, name), { recursive: true, force: true })
  }
  // A name of its own: an initdb that outlived its platform must not write into ours.
  const half = mkdtempSync(path.join(dir, DRAFT))
  own(user, half)
  const secret = path.join(temp, 'password')
  writeFileSync(secret, password, { mode: 0o600 })
  own(user, secret)
  const door = openDoorway(user, half)
  const child = spawn(
    initdb,
    [
      '-D',
      door.path,
      '-U',
      DATABASE_USER,
      `--pwfile=${secret}`,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--no-locale',
    ],
    { ...user, cwd: '/', env: { LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe', ...door.descriptors] },
  )
  const said = keepLines(child)
  const problem = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? null : `exit ${code}`))
  })
  door.close()
  rmSync(secret, { force: true })
  if (problem === null) {
    renameSync(half, data)
    return
  }
  const nameless = said.text().includes('could not look up effective user')
  throw new Refusal(
    nameless ? refusals.namelessUser : refusals.cannotStart,
    `PostgreSQL could not make its files (${problem}): ${said.text()}`,
  )
}
