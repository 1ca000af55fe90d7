/** Starts the ClickHouse server of the tests: no registry has a real one, so it is the HTTP front of clickhouse-process.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'

export type ClickHouseServer = {
  /** The address of a database on it, made when it is first opened. */
  url(database: string): string
  readonly pid: number
  close(): Promise<void>
}

const USER = 'tester'
const PASSWORD = 'p@ss/word:1'

/** Keeps everything in `dir`; a second start there finds it again. `port` and the rest of the address change. */
export async function startClickHouse({ dir }: { readonly dir: string }): Promise<ClickHouseServer> {
  mkdirSync(dir, { recursive: true })
  const program = path.join(import.meta.dirname, 'clickhouse-process.ts')
  const child = spawn(process.execPath, [program, dir, USER, PASSWORD], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const port = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk).trim()),
    gone.then(([code]) => {
      throw new Error(`ClickHouse did not start: ${code}`)
    }),
  ])
  return {
    url: (database) => `clickhouse://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`,
    pid: child.pid as number,
    close: async () => {
      child.stdin.end()
      await gone
    },
  }
}
