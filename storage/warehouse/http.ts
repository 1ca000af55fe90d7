/**
 * The warehouse over ClickHouse's HTTP dialect: one POST a statement, parameters in the address, data in the body.
 * Works against our own warehouse process on a Unix socket; a ClickHouse server speaks the same.
 */
import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/warehouse/errors.ts'
import { joinColumns } from '#storage/warehouse/native.ts'
import { formatParam } from '#storage/warehouse/params.ts'
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
  const { socketPath, onUnreachable, onClose, sharedFolder } = options
  let drafts = 0
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })

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

  /** Every statement we send may be said twice: queries, DDL that checks, inserts that carry a token. */
  const run = async (
    query: string,
    params: Statement['params'],
    options: QueryOptions & { body?: readonly Uint8Array[]; extra?: Record<string, string> },
  ): Promise<Buffer> => {
    const search = new URLSearchParams({ query_id: randomUUID(), ...options.extra })
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
        if (attempt === ATTEMPTS) {
          throw new Refusal(refusals.unavailable, 'The warehouse does not answer.', { cause: error })
        }
        await onUnreachable()
      }
    }
  }
  const ask = (statement: Statement, format: string, options: QueryOptions = {}): Promise<Buffer> =>
    run(`${statement.sql}\nFORMAT ${format}`, statement.params, options)

  return {
    query: async <T>(statement: Statement<T>, options?: QueryOptions) => {
      const text = (await ask(statement, 'JSONCompactEachRowWithNames', options)).toString()
      return parseRows<T>(text)
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
    close: async () => {
      agent.destroy()
      await onClose()
    },
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

/** First line names, then one array a row. */
function parseRows<T>(text: string): T[] {
  const lines = text.split('\n')
  const names = JSON.parse(lines[0] || '[]') as string[]
  const rows: T[] = []
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string
    if (line === '') continue
    const values = JSON.parse(line) as unknown[]
    const row: Record<string, unknown> = {}
    for (let k = 0; k < names.length; k++) row[names[k] as string] = values[k]
    rows.push(row as T)
  }
  return rows
}

function failure(message: string, path: string): Error {
  const short = message.slice(0, 2000)
  if (/TIMEOUT_EXCEEDED/.test(message)) return new Refusal(refusals.tooSlow, 'The query took too long.')
  return new Error(`warehouse: ${short} (${path.slice(0, 200)})`)
}
