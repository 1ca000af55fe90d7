/**
 * The warehouse on a ClickHouse server or cluster, by the stock client over HTTP. Promises what warehouse.ts does: the
 * engine binds parameters, an insert resolves when the server has it, a statement whose caller left is stopped there.
 */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type DataFormat } from '@clickhouse/client'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { httpAddress } from '#storage/warehouse/clickhouse-address.ts'
import { kindOf, refusalOf } from '#storage/warehouse/clickhouse-errors.ts'
import { DIALECT } from '#storage/warehouse/dialect.ts'
import { joinColumns } from '#storage/warehouse/native.ts'
import { databaseName } from '#storage/warehouse/params.ts'
import { createQuestions } from '#storage/warehouse/questions.ts'
import { parseRows, ROW_FORMAT } from '#storage/warehouse/rows.ts'
import type { QueryOptions, Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const INSERT_TIMEOUT_MS = 300_000
/** What the network may add to the time the engine was given, before we stop waiting. */
const NETWORK_MS = 10_000
/** A server that is away or busy is asked this often, half a second later each time. */
const ATTEMPTS = 5
const PAUSE_MS = 500

/** Every statement carries these: an error comes as a status, and an answer means the work is done. */
const SETTINGS = {
  ...DIALECT,
  wait_end_of_query: 1,
  async_insert: 0,
  // Into a Distributed table: acknowledged by the shards, not by a queue in front of them.
  distributed_foreground_insert: 1,
  // A subquery over a Distributed table is asked of all shards once.
  distributed_product_mode: 'global',
} as const

type Work<T> = (id: string, signal: AbortSignal) => Promise<T>

/** Connects; makes the database when the server does not have it. Refuses what the server refuses, with what to do. */
export async function openClickHouse(options: {
  readonly url: string
  readonly log: Log
}): Promise<Warehouse> {
  const { url, log } = options
  const address = httpAddress(url)
  const client = connect(address)
  try {
    await ensureDatabase(client, address)
  } catch (error) {
    await client.close()
    throw error
  }

  /** Works until the time is over or the caller leaves; in both cases the engine is told to stop too. */
  const once = async <T>(work: Work<T>, { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: QueryOptions) => {
    signal?.throwIfAborted()
    const id = randomUUID()
    const late = AbortSignal.timeout(timeoutMs + NETWORK_MS)
    const stop = signal === undefined ? late : AbortSignal.any([signal, late])
    try {
      return await work(id, stop)
    } catch (error) {
      if (!stop.aborted) throw error
      void kill(client, id).catch((cause: unknown) =>
        log.warn({ err: cause, queryId: id }, 'a statement that was given up may still run'),
      )
      signal?.throwIfAborted()
      throw new Refusal(refusalOf('tooSlow'), 'The query took too long.', { cause: error })
    }
  }
  /** Statements may be said twice (queries, DDL that checks), but never data: see `insertNative` in warehouse.ts. */
  const run = async <T>(work: Work<T>, options: QueryOptions = {}, attempts = ATTEMPTS): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(work, options)
      } catch (error) {
        const kind = kindOf(error)
        if (kind === 'away' && attempt < attempts) await sleep(PAUSE_MS * attempt)
        else if (kind === 'ours') throw error
        else throw new Refusal(refusalOf(kind), (error as Error).message, { cause: error })
      }
    }
  }
  const settingsOf = ({ timeoutMs = DEFAULT_TIMEOUT_MS }: QueryOptions, token?: string) => ({
    max_execution_time: timeoutMs / 1000,
    ...(token === undefined ? {} : { insert_deduplication_token: token }),
  })
  /** Long parameters travel in the body, which only `query` can do: it asks every statement for a format. */
  const text = (statement: Statement, format: string, options: QueryOptions = {}, token?: string) =>
    run(async (id, signal) => {
      const answer = await client.query({
        query: statement.sql,
        format: format as DataFormat,
        query_params: { ...statement.params },
        query_id: id,
        abort_signal: signal,
        clickhouse_settings: settingsOf(options, token),
      })
      return answer.text()
    }, options)
  const bytes = (statement: Statement, format: string, options: QueryOptions = {}): Promise<Buffer> =>
    run(async (id, signal) => {
      const { stream } = await client.exec({
        query: `${statement.sql}\nFORMAT ${format}`,
        query_params: { ...statement.params },
        query_id: id,
        abort_signal: signal,
        clickhouse_settings: settingsOf(options),
      })
      return buffer(stream)
    }, options)

  const counted = createQuestions()
  const others: Warehouse[] = []
  return {
    query: async <T>(statement: Statement<T>, options?: QueryOptions) =>
      parseRows<T>(await counted(() => text(statement, ROW_FORMAT, options))),
    columns: async (statement, options) =>
      joinColumns(await counted(() => bytes(statement, 'Native', options))),
    bytes: (statement, format, options) => counted(() => bytes(statement, format, options)),
    command: async (statement, options = {}) => {
      await text(statement, 'TabSeparated', options, options.insertToken)
    },
    insertNative: (table, blocks, { token }) => {
      const options = { timeoutMs: INSERT_TIMEOUT_MS }
      return run(
        async (id, signal) => {
          const { stream } = await client.exec({
            query: `INSERT INTO ${table} FORMAT Native`,
            values: Readable.from(blocks, { objectMode: false }),
            query_id: id,
            abort_signal: signal,
            clickhouse_settings: settingsOf(options, token),
          })
          await buffer(stream)
        },
        options,
        1,
      )
    },
    inDatabase: async (name) => {
      const other = await openClickHouse({ ...options, url: atDatabase(url, databaseName(name)) })
      others.push(other)
      return { ...other, close: async () => {} }
    },
    dropDatabase: async (name) => {
      const drop = `DROP DATABASE IF EXISTS ${databaseName(name)} SYNC`
      await text({ sql: drop }, 'TabSeparated')
    },
    close: async () => {
      for (const other of others) await other.close()
      await client.close()
    },
  }
}

function atDatabase(url: string, name: string): string {
  const address = new URL(url)
  address.pathname = `/${name}`
  return address.href
}

function connect(address: URL): ClickHouseClient {
  return createClient({
    url: address,
    application: 'streamverse',
    max_open_connections: 32,
    // Each statement has its own limit; this one only ends sockets nobody waits for.
    request_timeout: INSERT_TIMEOUT_MS + 2 * NETWORK_MS,
    use_multipart_params_auto: true,
    clickhouse_settings: SETTINGS,
    log: { level: ClickHouseLogLevel.OFF },
  })
}

async function ensureDatabase(client: ClickHouseClient, address: URL): Promise<void> {
  const database = decodeURIComponent(address.pathname.slice(1))
  for (let attempt = 1; ; attempt++) {
    try {
      await client.command({ query: 'SELECT 1 FORMAT Null' })
      return
    } catch (error) {
      const kind = kindOf(error)
      if (kind === 'noDatabase') await createDatabase(address, database)
      else if (kind === 'away' && attempt < ATTEMPTS) await sleep(PAUSE_MS * attempt)
      else if (kind === 'ours') throw error
      else throw new Refusal(refusalOf(kind), `ClickHouse: ${(error as Error).message}`, { cause: error })
    }
  }
}

async function createDatabase(address: URL, database: string): Promise<void> {
  const above = new URL(address)
  above.pathname = '/'
  const client = connect(above)
  try {
    await client.command({
      query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      query_params: { database },
    })
  } catch (error) {
    throw new Refusal(refusalOf('refused'), `ClickHouse: ${(error as Error).message}`, { cause: error })
  } finally {
    await client.close()
  }
}

const kill = (client: ClickHouseClient, id: string): Promise<unknown> =>
  client.command({ query: 'KILL QUERY WHERE query_id = {id:String} ASYNC', query_params: { id } })
