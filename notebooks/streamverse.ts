/** The SQL endpoint for notebooks in TypeScript: one SELECT in, rows out. Runs in Deno and in Node; needs nothing else. */

export type Row = Readonly<Record<string, unknown>>
export type Client = {
  /** The rows of the answer. Rejects with what the platform refused, its code and what to do. */
  sql<T = Row>(statement: string): Promise<T[]>
  /** A new snapshot, unless the last one is younger than a minute. */
  refresh(): Promise<{ readonly id: string; readonly takenAt: number }>
}
type Refused = { readonly code?: string; readonly message?: string; readonly fix?: string }

const DEFAULT_URL = 'http://127.0.0.1:4401'

export function createClient(url: string, key: string): Client {
  const post = async (path: string, body: string): Promise<unknown> => {
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain; charset=utf-8' },
      body,
    })
    const answer: unknown = await response.json()
    if (response.ok) return answer
    const { code = 'SV_INTERNAL', message = '', fix = '' } = answer as Refused
    throw new Error(`${message} ${fix} (${code})`)
  }
  return {
    sql: async <T>(statement: string) => ((await post('/sql?format=json', statement)) as { data: T[] }).data,
    refresh: async () => (await post('/refresh', '')) as { id: string; takenAt: number },
  }
}

/** A client of STREAMVERSE_SQL_URL and STREAMVERSE_SQL_KEY. */
export function connect(environment: Readonly<Record<string, string | undefined>>): Client {
  const key = environment['STREAMVERSE_SQL_KEY']
  if (key === undefined || key === '')
    throw new Error('no key: make one with `npx streamverse sql-key`, and set STREAMVERSE_SQL_KEY to it')
  return createClient(environment['STREAMVERSE_SQL_URL'] || DEFAULT_URL, key)
}
