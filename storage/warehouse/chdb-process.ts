/**
 * The warehouse process: ClickHouse inside, its HTTP dialect outside, on a Unix socket that only we may open.
 * Lives as long as the pipe to its parent; a few sessions share the data so that a long query does not hold up all.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { Session } from 'chdb'
import { DIALECT } from '#storage/warehouse/dialect.ts'

const [dir = '', socketPath = ''] = process.argv.slice(2)
/** Some take data, one all else that writes, the others answer. */
const SESSIONS = 5
const DATA_SESSIONS = 2
const DEFAULT_DATABASE = 'default'
const drafts = path.join(dir, 'incoming')
const data = path.join(dir, 'data')

const SETTINGS = [
  'max_threads = 2',
  'max_insert_threads = 1',
  'max_memory_usage = 1500000000',
  'use_uncompressed_cache = 0',
  // Groups stay in memory, and sorts up to here: by the engine's own rule they were spilled to disk at some tens of MB, and
  // a thousand views of ten minutes took five times as long. A statement too large for memory is refused, and split.
  'max_bytes_ratio_before_external_sort = 0',
  'max_bytes_ratio_before_external_group_by = 0',
  'max_bytes_before_external_sort = 400000000',
  'max_bytes_before_external_group_by = 0',
  // Machine code for a question is made at its third asking, for a tenth of a second, and gains nothing on ours.
  'compile_expressions = 0',
  'compile_aggregate_expressions = 0',
  // Splitting rows for more threads than there are costs FINAL a fifth.
  'split_parts_ranges_into_intersecting_and_non_intersecting_final = 0',
  'split_intersecting_parts_ranges_into_layers_final = 0',
  // Parameters are set by a statement each, and may be long.
  'max_query_size = 67108864',
  ...Object.entries(DIALECT).map(([name, value]) => `${name} = ${value}`),
]
/** Settings a request may carry in its address. */
const ALLOWED = new Set(['insert_deduplication_token', 'max_execution_time'])

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

type Worker = {
  readonly session: Session
  database: string
  tail: Promise<unknown>
  waiting: number
  /** Of inserts that wait or run: the same said again follows the first. */
  readonly tokens: Set<string>
}

function openWorkers(): Worker[] {
  mkdirSync(drafts, { recursive: true, mode: 0o700 })
  return Array.from({ length: SESSIONS }, () => {
    const session = new Session(data)
    for (const setting of SETTINGS) session.query(`SET ${setting}`)
    return { session, database: DEFAULT_DATABASE, tail: Promise.resolve(), waiting: 0, tokens: new Set() }
  })
}

type Kind = 'data' | 'write' | 'read'
/**
 * Runs on the session with the fewest waiting of those for its kind. Data have sessions of their own, so that they do not
 * wait for what is built of them.
 */
function inTurn<T>(
  workers: readonly Worker[],
  {
    kind,
    database,
    token,
  }: { readonly kind: Kind; readonly database: string; readonly token: string | null },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const [data, rest] = [workers.slice(0, DATA_SESSIONS), workers.slice(DATA_SESSIONS)]
  const able = kind === 'data' ? data : kind === 'write' ? rest.slice(0, 1) : rest.slice(1)
  const idlest = able.reduce((best, one) => (one.waiting < best.waiting ? one : best))
  const worker = (token !== null && able.find(({ tokens }) => tokens.has(token))) || idlest
  if (token !== null) worker.tokens.add(token)
  worker.waiting++
  const turn = worker.tail.then(() => {
    if (worker.database !== database) worker.session.query(`USE ${database}`)
    worker.database = database
    return cleanly(worker.session, work)
  })
  worker.tail = turn
    .catch(() => {})
    .finally(() => {
      worker.waiting--
      if (token !== null) worker.tokens.delete(token)
    })
  return turn
}

/** What a failed statement had already written would come before the next answer: an empty one takes it away. */
async function cleanly<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await work(session)
  } catch (error) {
    await session.queryAsync('SELECT 1', { format: 'Null' })
    throw error
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

let draftNumber = 0

async function answer(workers: readonly Worker[], request: IncomingMessage): Promise<Uint8Array> {
  const { searchParams } = new URL(request.url ?? '/', 'http://warehouse')
  const body = await bodyOf(request)
  const inAddress = searchParams.get('query')
  const statement = (inAddress ?? body.toString()).trim()
  const format = /\nFORMAT (\w+)$/.exec(statement)
  const settings: string[] = []
  const params: string[] = []
  for (const [name, value] of searchParams) {
    if (name.startsWith('param_')) params.push(`SET ${name} = ${quote(value)}`)
    else if (ALLOWED.has(name))
      settings.push(`${name} = ${name === 'max_execution_time' ? Number(value) : quote(value)}`)
  }
  const reads = /^\s*(SELECT|WITH|SHOW|DESCRIBE|EXISTS|EXPLAIN)\b/i.test(statement)
  const database = searchParams.get('database') ?? DEFAULT_DATABASE
  if (!/^\w+$/.test(database)) throw new Error('that is no name of a database')
  const kind = inAddress !== null ? 'data' : reads ? 'read' : 'write'
  const token = searchParams.get('insert_deduplication_token')
  return inTurn(workers, { kind, database, token }, async (session) => {
    for (const param of params) session.query(param)
    if (inAddress !== null)
      return insertData(session, statement, { body, file: searchParams.get('file') }, settings)
    if (format === null) {
      const insert = /^\s*INSERT\b/i.test(statement)
      const own = insert ? settings : settings.filter((one) => !one.startsWith('insert_'))
      const takesSettings = insert && own.length > 0
      await session.queryAsync(takesSettings ? withSettings(statement, own) : statement, { format: 'Null' })
      return new Uint8Array()
    }
    const sql = `${statement.slice(0, format.index)}\nSETTINGS ${settings.join(', ')}`
    return (await session.queryAsync(sql, { format: format[1] as string })).bytes()
  })
}

const withSettings = (statement: string, settings: readonly string[]): string =>
  `${statement}\nSETTINGS ${settings.join(', ')}`

type Data = { readonly body: Buffer; readonly file: string | null }

/** The engine reads an insert's data from a file by itself: one the sender has put there, or one made of the body. */
async function insertData(
  session: Session,
  statement: string,
  { body, file }: Data,
  settings: readonly string[],
): Promise<Uint8Array> {
  const insert = /^INSERT INTO (\S+) FORMAT (\w+)$/.exec(statement)
  if (insert === null) throw new Error('data comes with INSERT INTO <table> FORMAT <format> only')
  if (file !== null && !/^[\w-]+\.native$/.test(file)) throw new Error('that is no file of ours')
  const at = path.join(drafts, file ?? `${process.pid}-${draftNumber++}.bin`)
  if (file === null) await writeFile(at, body, { mode: 0o600 })
  try {
    const into = `INSERT INTO ${insert[1]} FROM INFILE ${quote(at)}`
    await session.queryAsync(`${into} SETTINGS ${settings.join(', ')} FORMAT ${insert[2]}`, {
      format: 'Null',
    })
    return new Uint8Array()
  } finally {
    if (file === null) await rm(at, { force: true })
  }
}

function serve(workers: readonly Worker[]): void {
  const server = createServer(
    { maxHeaderSize: 32 * 1024 * 1024 },
    (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/ping') {
        response.end('Ok.\n')
        return
      }
      answer(workers, request).then(
        (bytes) => response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
        (error: Error) => response.writeHead(500).end(error.message),
      )
    },
  )
  server.keepAliveTimeout = 60_000
  server.requestTimeout = 0
  rmSync(socketPath, { force: true })
  server.listen(socketPath, () => {
    chmodSync(socketPath, 0o600)
    process.stdout.write('ready\n')
  })
  const end = (): void => {
    server.close()
    server.closeAllConnections()
    rmSync(socketPath, { force: true })
    void Promise.all(workers.map((worker) => worker.tail)).then(() => {
      for (const { session } of workers) session.close()
      process.exit(0)
    })
  }
  // The parent holds the other end: when it is gone, however it went, this process goes too.
  process.stdin.once('end', end).once('error', end).resume()
}

process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
serve(openWorkers())
