/** An S3 server for tests: moto, from PyPI, in a Python environment of its own that is made once. Keeps its objects in memory. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { ENGINES_DIR, requireProgram } from '#scripts/engines/maven.ts'
import { freePorts } from '#scripts/engines/ports.ts'

const PACKAGES = ['moto[s3]==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5']
const START_MS = 60_000

export const S3_CREDENTIALS = { accessKeyId: 'tester', secretAccessKey: 'secret-of-the-tester' } as const

export type S3Server = {
  /** The address of a bucket that is there. */
  url(bucket: string, prefix?: string): Promise<string>
  close(): Promise<void>
}

export async function startS3(): Promise<S3Server> {
  const python = ensureMoto()
  const [port] = (await freePorts(1)) as [number]
  const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  })
  const gone = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
  }
  process.once('exit', () => child.kill('SIGKILL'))
  const endpoint = `http://127.0.0.1:${port}`
  for (let waited = 0; ; waited += 100) {
    const answers = await fetch(`${endpoint}/moto-api/`).then(
      (response) => response.ok,
      () => false,
    )
    if (answers) break
    if (waited > START_MS || child.exitCode !== null) {
      await close()
      throw new Error('the S3 server did not start')
    }
    await sleep(100)
  }
  return {
    url: async (bucket, prefix = '') => {
      const client = new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: S3_CREDENTIALS,
      })
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      client.destroy()
      return `s3://${bucket}/${prefix}?region=us-east-1&endpoint=${encodeURIComponent(endpoint)}`
    },
    close,
  }
}

/** The Python that has moto; made the first time. */
function ensureMoto(): string {
  const dir = path.join(ENGINES_DIR, 'moto-5.2.5')
  const python = path.join(dir, 'bin/python')
  const whole = path.join(dir, 'installed')
  if (existsSync(whole)) return python
  requireProgram('python3', ['-c', 'import ensurepip'], 'python3-venv')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(ENGINES_DIR, { recursive: true })
  run('python3', ['-m', 'venv', dir])
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES])
  writeFileSync(whole, PACKAGES.join('\n'))
  return python
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
}
