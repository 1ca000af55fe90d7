/**
 * Fills in lock entries for optional platform packages the registry did not serve when the lock was written;
 * without them `npm ci` refuses the lock. Run after each change of dependencies: `npm run lock`.
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  version?: string
  optionalDependencies?: Record<string, string>
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optional?: boolean
}
const file = 'package-lock.json'
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }

function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const os = /(darwin|linux|win32|windows|freebsd|android|openbsd|netbsd|sunos|aix|openharmony)/.exec(
    name,
  )?.[1]
  const cpu = /(arm64|x64|ia32|riscv64|ppc64|s390x|loong64|mips64el|wasm32|arm)(?=[^a-z0-9]|$|eabi)/.exec(
    name,
  )?.[1]
  return {
    ...(os === undefined ? {} : { os: [os === 'windows' ? 'win32' : os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(/musl/.test(name) ? { libc: ['musl'] } : /(gnu|glibc)$/.test(name) ? { libc: ['glibc'] } : {}),
  }
}

/** Whether Node would find `name` from the package at `from`. */
function found(from: string, name: string): boolean {
  for (let at = from; ; ) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true
    if (at === '') return false
    const up = at.lastIndexOf('/node_modules/')
    at = up < 0 ? '' : at.slice(0, up)
  }
}

let added = 0
for (const [at, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (found(at, name)) continue
    const platform = platformOf(name)
    if (platform.os === undefined && platform.cpu === undefined) continue
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~=v]+/, ''),
      ...platform,
      optional: true,
    }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added to ${file}`)
