/**
 * Engines that are published as Java archives: fetched once from Maven Central into `.engines/`, which git ignores, and
 * taken from there afterwards. What a folder holds is told by a stamp of its pom, written last.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'

/** Where fetched engines lie. */
export const ENGINES_DIR = path.join(import.meta.dirname, '../../.engines')
const STAMP = '.pom-sha256'
/** By its whole name, so that every Maven takes the same version. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/**
 * The dependencies of a pom, with theirs, as jars in `dir`. Resolves with the folder: `java -cp '<folder>/*'`.
 * Fetches only when the folder does not hold this very pom's jars yet.
 */
export async function fetchJars({ pom, dir }: { pom: string; dir: string }): Promise<string> {
  const stamp = createHash('sha256').update(readFileSync(pom)).digest('hex')
  if (stampOf(dir) === stamp) return dir
  requireProgram('java', ['-version'], 'default-jre-headless')
  requireProgram('mvn', ['--version'], 'maven')
  await mkdir(path.dirname(dir), { recursive: true })
  const fresh = mkdtempSync(`${dir}-`)
  try {
    await run('mvn', ['-B', '-q', '-f', pom, COPY, `-DoutputDirectory=${fresh}`, '-DincludeScope=runtime'])
    writeFileSync(path.join(fresh, STAMP), stamp)
    rmSync(dir, { recursive: true, force: true })
    renameSync(fresh, dir)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    throw error
  }
  return dir
}

/** Throws, saying how to get it, when a program the engines need cannot be run. */
export function requireProgram(name: string, versionArgs: readonly string[], debianPackage: string): void {
  const { error, status } = spawnSync(name, versionArgs, { stdio: 'ignore' })
  if (error === undefined && status === 0) return
  throw new Error(
    `${name} is needed to run this engine and is not on PATH. On Debian: bash scripts/install-engines.sh ` +
      `(or apt-get install ${debianPackage}).`,
  )
}

function stampOf(dir: string): string | null {
  try {
    return readFileSync(path.join(dir, STAMP), 'utf8')
  } catch {
    // never fetched, or not to the end
    return null
  }
}

/** Runs a program to its end; rejects with what it said when it fails. */
function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve()
      else reject(new Error(`${program} ended with ${status}: ${said.trim()}`))
    })
  })
}
