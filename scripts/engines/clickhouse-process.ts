/**
 * A ClickHouse server for tests: the HTTP interface, as the stock client speaks it, in front of the in-process engine.
 * Users, databases, settings, bound parameters (in the address or as a form), gzip, query ids and KILL QUERY are served.
 * Arguments: folder, user, password. Prints its port; ends when its standard input does.
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Session } from 'chdb'

const [dir = '', user = 'default', password = ''] = process.argv.slice(2)
const SESSIONS = 4
const drafts = path.join(dir, 'incoming')
/** What an address may hold besides settings. */
const NO_SETTING = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'enable_http_compression',
  // The engine of one process has no shards to wait for and no queue of inserts.
  'distributed_foreground_insert',
  'distributed_product_mode',
  'async_insert',
])
const SETTING_NAME = /^\w+$/

type Worker = { readonly session: Session; tail: Promise<unknown>; waiting: number }
type Asked = {
  readonly statement: string
  readonly data: Buffer | null
  readonly format: string
  readonly id: string
  readonly settings: ReadonlyMap<string, string>
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
/** A comment in the text of a statement by which it is found again: the engine gives its own query ids. */
const tagOf = (id: string): string => `q${createHash('sha256').update(id).digest('hex').slice(0, 24)}`

class ServerError extends Error {}
const authenticationFailed = (): ServerError =>
  new ServerError('Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)')

function checkUser(request: IncomingMessage): void {
  const [, held = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? []
  if (Buffer.from(held, 'base64').toString() !== `${user}:${password}`) throw authenticationFailed()
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? promisify(gunzip)(body) : body
}

/** What is asked: everything in the address, and in the body the statement, its data, or a form of parameters. */
async function read(request: IncomingMessage): Promise<Asked> {
  const { searchParams } = new URL(request.url ?? '/', 'http://clickhouse')
  const type = request.headers['content-type'] ?? ''
  let body: Buffer | null = await bodyOf(request)
  const settings = new Map(searchParams)
  if (type.startsWith('multipart/form-data')) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
    for (const [name, value] of form) if (typeof value === 'string') settings.set(name, value)
    body = null
  }
  const inAddress = settings.get('query')
  const whole = (inAddress ?? body?.toString() ?? '').trim()
  const data = inAddress === undefined || body === null || body.length === 0 ? null : body
  const [suffix, format = 'TabSeparated'] = /\sFORMAT\s+(\w+)\s*;?$/.exec(whole) ?? ['']
  return {
    statement: whole.slice(0, whole.length - suffix.length),
    data,
    format,
    id: settings.get('query_id') ?? '',
    settings,
  }
}

/** Runs on the session with the fewest waiting; inserts keep to the first, so that they never race each other. */
function inTurn<T>(
  workers: readonly Worker[],
  inserts: boolean,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const able = inserts ? workers.slice(0, 1) : workers.slice(1)
  const worker = able.reduce((best, one) => (one.waiting < best.waiting ? one : best))
  worker.waiting++
  const turn = worker.tail.then(() => work(worker.session))
  worker.tail = turn.catch(() => {}).finally(() => worker.waiting--)
  return turn
}

let draftNumber = 0

async function answer(workers: readonly Worker[], asked: Asked): Promise<Uint8Array> {
  const killed = asked.statement.startsWith('KILL QUERY WHERE query_id = {id:String}')
  if (killed) return kill(workers, asked.settings.get('param_id') ?? '')
  return inTurn(workers, /^INSERT\b/i.test(asked.statement), (session) => runOn(session, asked))
}

/** Settings and parameters hold for the one statement: they are taken back from the session afterwards. */
async function runOn(
  session: Session,
  { statement, data, format, id, settings }: Asked,
): Promise<Uint8Array> {
  const own = [...settings].filter(([name]) => !NO_SETTING.has(name) && SETTING_NAME.test(name))
  const reset: string[] = []
  const draft = path.join(drafts, `${draftNumber++}.bin`)
  try {
    session.query(`USE ${identifier(settings.get('database') ?? 'default')}`)
    for (const [name, value] of own) {
      session.query(`SET ${name} = ${quote(value)}`)
      if (!name.startsWith('param_')) reset.push(name)
    }
    const tagged = `/* ${tagOf(id)} */ ${statement}`
    if (data !== null) {
      await writeFile(draft, data)
      const from = `${tagged} FROM INFILE ${quote(draft)} FORMAT ${format}`
      return (await session.queryAsync(from, { format: 'Null' })).bytes()
    }
    return (await session.queryAsync(tagged, { format })).bytes()
  } catch (error) {
    // What a failed statement had already written would come before the next answer: an empty one takes it away.
    await session.queryAsync('SELECT 1', { format: 'Null' })
    throw error
  } finally {
    for (const name of reset) session.query(`SET ${name} = DEFAULT`)
    await rm(draft, { force: true })
  }
}

const identifier = (name: string): string => `\`${name.replace(/[`\\]/g, '\\$&')}\``

async function kill(workers: readonly Worker[], id: string): Promise<Uint8Array> {
  const { session } = workers[0] as Worker
  const like = `${'%'}/* ${tagOf(id)} */%`
  return (
    await session.queryAsync(`KILL QUERY WHERE query LIKE ${quote(like)} ASYNC`, { format: 'Null' })
  ).bytes()
}

function refuse(response: ServerResponse, error: Error): void {
  const [, code] = /Code: (\d+)/.exec(error.message) ?? []
  if (code !== undefined) response.setHeader('X-ClickHouse-Exception-Code', code)
  response.writeHead(error instanceof ServerError ? 403 : 500).end(error.message)
}

mkdirSync(drafts, { recursive: true })
const workers: Worker[] = Array.from({ length: SESSIONS }, () => {
  const session = new Session(path.join(dir, 'data'))
  // A parameter is set by a statement here; a server takes it as text, however long.
  session.query('SET max_query_size = 67108864')
  return { session, tail: Promise.resolve(), waiting: 0 }
})
const server = createServer({ maxHeaderSize: 2 ** 20 }, (request, response) => {
  if (request.url === '/ping') {
    response.end('Ok.\n')
    return
  }
  const work = async (): Promise<Uint8Array> => {
    checkUser(request)
    const asked = await read(request)
    response.setHeader('X-ClickHouse-Query-Id', asked.id)
    response.setHeader('X-ClickHouse-Format', asked.format)
    return answer(workers, asked)
  }
  work().then(
    (bytes) => response.end(bytes),
    (error: Error) => refuse(response, error),
  )
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`)
})
process.stdin.once('end', () => process.exit(0)).resume()
