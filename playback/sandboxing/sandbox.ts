/**
 * Where programs that read strangers' files run: no network, bounded memory and CPU, gone with their parent.
 * Uses what the machine has (`unshare`, `prlimit`, `setpriv`) and does without what it lacks; `protections`
 * says which hold. What is read stays readable to the user we run as: this is no substitute for a container.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

export type Limits = {
  /** Processor time, all threads together. */
  readonly cpuSeconds: number
  /** Private memory. */
  readonly memoryBytes: number
}
export type Sandbox = {
  readonly protections: readonly string[]
  /** The few variables children see. */
  readonly environment: Readonly<Record<string, string>>
  /** The command line that runs `command` inside the limits. */
  wrap(command: string, args: readonly string[], limits: Limits): { command: string; args: string[] }
}

export type Environment = Readonly<Record<string, string | undefined>>
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'TMPDIR', 'TEMP']

/** The program's whole path when it is on the search path. */
export function findProgram(name: string, environment: Environment): string | null {
  for (const folder of (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(path.delimiter)) {
    if (folder === '') continue
    const file = path.join(folder, process.platform === 'win32' ? `${name}.exe` : name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not in this folder: look in the next
    }
  }
  return null
}

const works = (command: string, args: string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: 5000, env: {} })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })

export async function openSandbox(given: Environment): Promise<Sandbox> {
  const environment: Record<string, string> = {}
  for (const name of PASSED_ON) {
    const value = given[name]
    if (value !== undefined) environment[name] = value
  }
  const [unshare, prlimit, setpriv] = ['unshare', 'prlimit', 'setpriv'].map((name) =>
    findProgram(name, given),
  ) as [string | null, string | null, string | null]
  const noop = findProgram('true', given) ?? '/bin/true'
  const [noNetwork, bounded, tied] = await Promise.all([
    unshare !== null && works(unshare, ['-rn', noop]),
    prlimit !== null && works(prlimit, ['--data=1000000000', '--cpu=10', noop]),
    setpriv !== null && works(setpriv, ['--pdeathsig', 'KILL', noop]),
  ])
  return {
    protections: [
      ...(noNetwork ? ['no network'] : []),
      ...(bounded ? ['memory and CPU limits'] : []),
      ...(tied ? ['ends with its parent'] : []),
    ],
    environment,
    wrap(command, args, limits) {
      const line = [command, ...args]
      // The order matters: entering a namespace changes credentials, which would forget the parent's-death signal.
      if (tied) line.unshift(setpriv as string, '--pdeathsig', 'KILL', '--no-new-privs')
      if (bounded) {
        line.unshift(
          prlimit as string,
          `--data=${Math.ceil(limits.memoryBytes)}`,
          `--cpu=${Math.ceil(limits.cpuSeconds)}`,
          '--core=0',
        )
      }
      if (noNetwork) line.unshift(unshare as string, '-rn')
      return { command: line[0] as string, args: line.slice(1) }
    },
  }
}
