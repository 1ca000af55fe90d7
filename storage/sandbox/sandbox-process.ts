/**
 * A process with nothing but one tenant's rows, twice: first to load them (`load`, our own statements only, then it ends),
 * then to answer SQL about them (`serve`) as a user of the engine who may do nothing else. Answers over a Unix socket that
 * only we may open, and lives as long as the pipe to its parent.
 */
import { chmodSync, readFileSync, writeFile } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setPriority } from 'node:os'
import path from 'node:path'
import { Session } from 'chdb'
import { Refusal } from '#base/refusal.ts'
import {
  type AllowedFunctions,
  allowedFunctions,
  type EngineFunction,
} from '#storage/sandbox/allowed-functions.ts'
import { checkedSql } from '#storage/sandbox/checked-sql.ts'
import { SANDBOX_LIMITS, writeEngineConfig } from '#storage/sandbox/engine-config.ts'
import { refusals, type SandboxRefusal } from '#storage/sandbox/errors.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

const [mode = '', dir = '', socketPath = ''] = process.argv.slice(2)
const data = path.join(dir, 'data')
/** Statements that may run at the same time. */
const SESSIONS = 2

function load(): void {
  const statements = JSON.parse(readFileSync(path.join(dir, 'statements.json'), 'utf8')) as string[]
  const session = new Session(data)
  session.query('SET max_insert_threads = 1, max_threads = 2, max_memory_usage = 1500000000')
  for (const statement of statements) session.query(statement)
  session.close()
}

function functionsOf(session: Session): AllowedFunctions {
  const rows = <T>(statement: string): T[] =>
    (JSON.parse(session.query(statement, 'JSON')) as { data: T[] }).data
  const functions = rows<EngineFunction>(
    sql`SELECT name, is_aggregate AS isAggregate, categories, alias_to AS aliasTo FROM system.functions`,
  )
  const combinators = rows<{ name: string }>(sql`SELECT name FROM system.aggregate_function_combinators`)
  return allowedFunctions(
    functions,
    combinators.map(({ name }) => name),
  )
}

/** The engine's numbers of errors that are limits of ours. */
const LIMITS: Readonly<Record<string, SandboxRefusal>> = {
  158: 'tooMuch',
  159: 'tooSlow',
  160: 'tooSlow',
  161: 'tooMuch',
  167: 'tooMuch',
  168: 'tooMuch',
  191: 'tooMuch',
  241: 'tooMuch',
  243: 'tooMuch',
  306: 'tooMuch',
  307: 'tooMuch',
  396: 'tooMuch',
  497: 'notAllowed',
  164: 'notAllowed',
}

/** What the engine says, without where it lies and what it runs on. */
function explained(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const text = String((error as Error).message)
  const [, code = ''] = /Code: (\d+)/.exec(text) ?? []
  const said = text
    .replace(/^Query failed: /, '')
    .replace(/Code: \d+\. DB::Exception: /g, '')
    .replaceAll(dir, '')
    .replace(/: In scope [\s\S]*$/, '')
    .replace(/ \(version [^)]*\)/g, '')
    .replace(/\(?while (reading|executing|processing)[\s\S]*$/i, '')
    .slice(0, 1000)
    .trim()
  const kind = LIMITS[code] ?? 'wrong'
  return new Refusal(refusals[kind], kind === 'notAllowed' ? 'That cannot be done here.' : said)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > SANDBOX_LIMITS.queryBytes)
      throw new Refusal(refusals.wrong, `A statement has at most ${SANDBOX_LIMITS.queryBytes} bytes.`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

type Worker = { readonly session: Session; tail: Promise<unknown>; waiting: number }

/** What a failed statement had already written would come before the next answer: an empty one takes it away. */
async function run(session: Session, statement: string, format: string): Promise<Uint8Array> {
  try {
    const bytes = (await session.queryAsync(statement, { format })).bytes()
    if (bytes.length > SANDBOX_LIMITS.answerBytes)
      throw new Refusal(refusals.tooMuch, `Written down the answer has ${bytes.length} bytes.`)
    return bytes
  } catch (error) {
    await session.queryAsync('SELECT 1', { format: 'Null' })
    throw error
  }
}

/** An answer grows outside of what the engine counts: past this the process goes, with what it works on. */
const MOST_RESIDENT_BYTES = 2_200_000_000

function watchMemory(): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > MOST_RESIDENT_BYTES) process.exit(1)
  }, 50).unref()
  setPriority(10)
  // Where memory runs out this is what should go, not the platform.
  if (process.platform === 'linux') writeFile('/proc/self/oom_score_adj', '1000', () => {})
}

function serve(): void {
  const config = writeEngineConfig(dir, SANDBOX_LIMITS)
  const open = (): Session => new Session(data, { connectionArgs: [`--config-file=${config}`] })
  const workers: Worker[] = Array.from({ length: SESSIONS }, () => ({
    session: open(),
    tail: Promise.resolve(),
    waiting: 0,
  }))
  // Runs nothing of strangers: whatever a statement leaves behind, it is not there where the next one is read.
  const reader = open()
  const functions = functionsOf(reader)
  const ask = (statement: string): string => reader.query(statement, 'TSVRaw')

  const answer = async (request: IncomingMessage): Promise<Uint8Array> => {
    const format = new URL(request.url ?? '/', 'http://sandbox').searchParams.get('format') ?? ''
    if (!/^\w+$/.test(format)) throw new Refusal(refusals.wrong, 'There is no such format.')
    const text = await bodyOf(request)
    const worker = workers.reduce((best, one) => (one.waiting < best.waiting ? one : best))
    worker.waiting++
    const turn = worker.tail.then(() => run(worker.session, checkedSql(text, functions, ask), format))
    worker.tail = turn.catch(() => {}).finally(() => worker.waiting--)
    return turn
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    answer(request).then(
      (bytes) =>
        response
          .writeHead(200, { 'content-length': bytes.length })
          .end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      (error: unknown) => {
        const refusal = explained(error)
        const kind = Object.entries(refusals).find(([, { code }]) => code === refusal.code)?.[0] ?? 'wrong'
        response.writeHead(400).end(JSON.stringify({ kind, message: refusal.message }))
      },
    )
  })
  server.requestTimeout = 0
  watchMemory()
  server.listen(socketPath, () => {
    chmodSync(socketPath, 0o600)
    process.stdout.write('ready\n')
  })
  // The parent holds the other end: when it is gone, however it went, this process goes too.
  const end = (): void => process.exit(0)
  process.stdin.once('end', end).once('error', end).resume()
}

process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
if (mode === 'load') load()
else serve()
