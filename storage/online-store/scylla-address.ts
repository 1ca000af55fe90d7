/** What `cassandra://user:password@host,host:port/keyspace?dc=name&tls=true` says; `scylla://` alike. */
export const SCYLLA_SCHEMES = ['cassandra:', 'scylla:'] as const

export type Address = {
  readonly contactPoints: string[]
  readonly port: number
  readonly keyspace: string
  readonly dc: string | null
  readonly tls: boolean
  readonly credentials: { readonly user: string; readonly password: string } | null
}

const KEYSPACE = /^[a-z]\w{0,47}$/i

/** Null when the URL names no host, or no keyspace that CQL would take as a name. */
export function readAddress(url: string): Address | null {
  const { hostname, port, pathname, searchParams, username, password } = new URL(url)
  const keyspace = decodeURIComponent(pathname.slice(1))
  if (hostname === '' || !KEYSPACE.test(keyspace)) return null
  return {
    contactPoints: hostname.split(','),
    port: port === '' ? 9042 : Number(port),
    keyspace,
    dc: searchParams.get('dc'),
    tls: searchParams.get('tls') === 'true',
    credentials:
      username === '' ? null : { user: decodeURIComponent(username), password: decodeURIComponent(password) },
  }
}
