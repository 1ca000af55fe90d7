/**
 * The warehouse over the Unix socket of our own warehouse process: one POST a statement, parameters in the address, data
 * in the body or in a file both ends see. A ClickHouse server is spoken to by its own client (`clickhouse.ts`).
 */
import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/warehouse/errors.ts'
import { joinColumns } from '#storage/warehouse/native.ts'
import { databaseName, formatParam } from '#storage/warehouse/params.ts'
import { createQuestions } from '#storage/warehouse/questions.ts'
import { parseRows, ROW_FORMAT } from '#storage/warehouse/rows.ts'
import type { QueryOptions, Statement, Warehouse } from '#storage/warehouse/warehouse.ts'

export type HttpOptions = {
  readonly socketPath: string
  /** Called when the other end cannot be reached; resolves when it is worth trying again, rejects to give up. */
  readonly onUnreachable: () => Promise<void>
  readonly onClose: () => Promise<void>
  /** A folder both ends see: blocks are handed over as files in it, not through the socket. */
  readonly sharedFolder?: string
}

const DEFAULT_TIMEOUT_MS = 30_000
const ATTEMPTS = 4

class Unreachable extends Error {}

export function openHttpWarehouse(options: HttpOptions): Warehouse {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const close = async (): Promise<void> => {
    agent.destroy()
    await options.onClose()
  }
  return warehouseOf(options, agent, null, close)
}

let drafts = 0

/** `database` null: the one there always is. */
function warehouseOf(
  options: HttpOptions,
  agent: Agent,
  database: string | null,
  close: () => Promise<void>,
): Warehouse {
  const { socketPath, onUnreachable, sharedFolder } = options

  const send = (path: string, body: readonly Uint8Array[], options: QueryOptions): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const size = body.reduce((sum, part) => sum + part.length, 0)
      const outgoing = request(
        {
          agent,
          socketPath,
          path,
          method: 'POST',
          headers: { 'content-length': size },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.once('error', (error) => reject(new Unreachable(error.message)))
          incoming.once('end', () => {
            const answer = Buffer.concat(chunks)
            if (incoming.statusCode === 200) resolve(answer)
            else reject(failure(answer.toString(), path))
          })
        },
      )
      outgoing.once('error', (error) =>
        reject(options.signal?.aborted === true ? error : new Unreachable(error.message)),
      )
      for (const part of body) outgoing.write(part)
      outgoing.end()
    })

  /** Statements may be said twice (queries, DDL that checks), but never data: see `insertNative` in warehouse.ts. */
  const run = async (
    query: string,
    params: Statement['params'],
    options: QueryOptions & { body?: readonly Uint8Array[]; extra?: Record<string, string> },
  ): Promise<Buffer> => {
    const search = new URLSearchParams({ query_id: randomUUID(), ...options.extra })
    if (database !== null) search.set('database', database)
    search.set('max_execution_time', String((options.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000))
    for (const [name, value] of Object.entries(params ?? {})) search.set(`param_${name}`, formatParam(value))
    const data = options.body !== undefined
    if (data) search.set('query', query)
    const body = options.body ?? [Buffer.from(query)]
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(`/?${search.toString()}`, body, options)
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        if (data || attempt === ATTEMPTS) {
          throw new Refusal(refusals.unavailable, 'The warehouse does not answer.', { cause: error })
        }
        await onUnreachable()
      }
    }
  }
  const counted = createQuestions()
  const ask = (statement: Statement, format: string, options: QueryOptions = {}): Promise<Buffer> =>
    counted(() => run(`${statement.sql}\nFORMAT ${format}`, statement.params, options))

  return {
    query: async <T>(statement: Statement<T>, options?: QueryOptions) => {
      return parseRows<T>((await ask(statement, ROW_FORMAT, options)).toString())
    },
    columns: async (statement, options) => joinColumns(await ask(statement, 'Native', options)),
    bytes: (statement, format, options) => ask(statement, format, options),
    command: async (statement, options = {}) => {
      const extra =
        options.insertToken === undefined ? {} : { insert_deduplication_token: options.insertToken }
      await run(statement.sql, statement.params, { ...options, extra })
    },
    insertNative: async (table, blocks, { token }) => {
      const extra = token === undefined ? {} : { insert_deduplication_token: token }
      const insert = `INSERT INTO ${table} FORMAT Native`
      if (sharedFolder === undefined) {
        await run(insert, {}, { body: blocks, extra, timeoutMs: 300_000 })
        return
      }
      const file = `${process.pid}-${drafts++}.native`
      const at = path.join(sharedFolder, file)
      try {
        await writeBlocks(at, blocks)
        await run(insert, {}, { body: [], extra: { ...extra, file }, timeoutMs: 300_000 })
      } finally {
        await rm(at, { force: true })
      }
    },
    inDatabase: async (name) => {
      await run(`CREATE DATABASE IF NOT EXISTS ${databaseName(name)}`, {}, {})
      return warehouseOf(options, agent, name, async () => {})
    },
    dropDatabase: async (name) => {
      await run(`DROP DATABASE IF EXISTS ${databaseName(name)} SYNC`, {}, {})
    },
    close,
  }
}

async function writeBlocks(file: string, blocks: readonly Uint8Array[]): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    for (const block of blocks) await handle.write(block)
  } finally {
    await handle.close()
  }
}

function failure(message: string, path: string): Error {
  const short = message.slice(0, 2000)
  if (/TIMEOUT_EXCEEDED/.test(message)) return new Refusal(refusals.tooSlow, 'The query took too long.')
  return new Error(`warehouse: ${short} (${path.slice(0, 200)})`)
}
