/** A PostgreSQL server for tests that is not the platform's own: Debian's where it is installed, else the packaged one, over TCP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePorts } from '#scripts/engines/ports.ts'
import { keepLines } from '#storage/records/child.ts'
import { DATABASE_USER, ensureCluster, own } from '#storage/records/cluster.ts'
import { findProgram } from '#storage/records/program.ts'
import { commonTemp, serverUser } from '#storage/records/server-user.ts'

const DEBIAN = '/usr/lib/postgresql'
const PASSWORD = 'p@ss/word:1'
const START_MS = 60_000

export type PostgresServer = {
  /** What the server calls itself. */
  readonly version: string
  readonly pid: number
  /** The address of a new database. */
  url(database: string): Promise<string>
  close(): Promise<void>
}

type Programs = { readonly postgres: string; readonly initdb: string }

function findPrograms(dir: string): Programs {
  const [newest] = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const bin = path.join(DEBIAN, newest ?? '', 'bin')
  if (newest === undefined || !existsSync(path.join(bin, 'initdb')))
    return findProgram(serverUser(), path.join(dir, 'program'))
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') }
}

/** Keeps everything in a folder its user may enter, which goes when it is closed. */
export async function startPostgres(): Promise<PostgresServer> {
  const user = serverUser()
  const dir = mkdtempSync(path.join(commonTemp(user, tmpdir()), 'postgres-'))
  const temp = path.join(dir, 'temp')
  mkdirSync(temp, { recursive: true })
  chmodSync(dir, 0o755)
  own(user, temp)
  const { postgres, initdb } = findPrograms(dir)
  await ensureCluster({ initdb, user, dir, password: PASSWORD, temp })
  const [port] = (await freePorts(1)) as [number]
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${temp}`,
    'max_connections=60',
  ]
  const child = spawn(postgres, ['-D', path.join(dir, 'data'), ...settings.flatMap((one) => ['-c', one])], {
    ...user,
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = keepLines(child)
  const gone = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  const addressOf = (database: string): string =>
    `postgres://${DATABASE_USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`
  const ask = async (sql: string): Promise<pg.QueryResult<{ version: string }>> => {
    const client = new pg.Client(addressOf('postgres'))
    try {
      await client.connect()
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }
  const close = async (): Promise<void> => {
    child.kill('SIGINT')
    await gone
    rmSync(dir, { recursive: true, force: true })
  }
  for (let waited = 0; ; waited += 100) {
    const answer = await ask('SELECT version()').catch(() => null)
    if (answer !== null) {
      return {
        version: answer.rows[0]?.version ?? '',
        pid: child.pid as number,
        url: async (database) => {
          await ask(`CREATE DATABASE "${database}"`)
          return addressOf(database)
        },
        close,
      }
    }
    if (waited > START_MS || child.exitCode !== null)
      throw new Error(`PostgreSQL did not start: ${said.text()}`)
    await sleep(100)
  }
}
