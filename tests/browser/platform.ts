/** A whole platform for a test: its own data directory and port, started as a user starts it, stopped as an operator does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

export type Platform = {
  readonly url: string
  readonly dataDir: string
  readonly child: ChildProcess
  /** Everything it printed. */
  output(): string
  /** SIGTERM, and waits; the data stays. */
  halt(): Promise<number | null>
  /** Halts and removes the data. */
  stop(): Promise<void>
}
export type PlatformOptions = {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Start again on the data of a halted or killed one. */
  readonly dataDir?: string
}

const exited = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve))

/** Resolves when `/readyz` says ready. */
export async function startPlatform({
  args = [],
  env = {},
  dataDir,
}: PlatformOptions = {}): Promise<Platform> {
  const dir = dataDir ?? (await mkdtemp(path.join(tmpdir(), 'streamverse-')))
  await mkdir(dir, { recursive: true })
  // In the data's folder, so that no `.env` of whoever runs the tests is read.
  const child = spawn(process.execPath, [path.join(ROOT, 'app/main.ts'), ...args], {
    cwd: dir,
    env: { ...process.env, PORT: '0', DATA_DIR: dir, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const url = await new Promise<string>((resolve, reject) => {
    const heard = (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-100_000)
      const found = /http:\/\/[\d.]+:\d+/.exec(text)
      if (found !== null) resolve(found[0])
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    child.once('exit', (code) => reject(new Error(`the platform ended with ${code}: ${text}`)))
  })
  const deadline = Date.now() + 60_000
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) break
    if (Date.now() > deadline) throw new Error(`the platform is not ready after a minute: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const halt = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    return exited(child)
  }
  return {
    url,
    dataDir: dir,
    child,
    output: () => text,
    halt,
    stop: async () => {
      await halt()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type Client = {
  readonly url: string
  /** Throws on errors. */
  ask<T>(query: string, variables?: object): Promise<T>
  /** The first answer of a subscription. */
  first<T>(subscription: string): Promise<T>
  cookie(): string
}

/** Asks the API as a visitor, as the person named, or as whoever the session cookie belongs to. */
export async function createClient(url: string, personId?: string, session = ''): Promise<Client> {
  let cookie = session
  const post = (accept: string, query: string, variables: object): Promise<Response> =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, cookie },
      body: JSON.stringify({ query, variables }),
    })
  const ask = async <T>(query: string, variables: object = {}): Promise<T> => {
    const response = await post('application/json', query, variables)
    const set = response.headers.get('set-cookie')
    if (set !== null) cookie = set.split(';')[0] as string
    return dataOf<T>((await response.json()) as Answer<T>)
  }
  const first = async <T>(subscription: string): Promise<T> => {
    const { body } = await post('text/event-stream', subscription, {})
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      const found = /^data: (\{.*\})$/m.exec(text)
      if (found !== null) return dataOf<T>(JSON.parse(found[1] as string) as Answer<T>)
    }
    throw new Error(`the subscription ended: ${text}`)
  }
  if (personId !== undefined) {
    await ask('mutation($id: ID!) { stepInto(personId: $id) { person { id } } }', { id: personId })
  }
  return { url, ask, first, cookie: () => cookie }
}

type Answer<T> = { readonly data: T; readonly errors?: readonly { readonly message: string }[] }
function dataOf<T>({ data, errors }: Answer<T>): T {
  if (errors !== undefined) throw new Error(errors.map((one) => one.message).join('; '))
  return data
}
