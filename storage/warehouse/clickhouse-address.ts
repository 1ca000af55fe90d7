/** How a ClickHouse server is named: `clickhouse://` over HTTP, `clickhouses://` over HTTPS, or either by its own name. */
export const CLICKHOUSE_SCHEMES = ['clickhouse:', 'clickhouses:', 'http:', 'https:'] as const

/** The address the stock client takes; user, password, database and `ch_<setting>` stay in it. */
export function httpAddress(url: string): URL {
  const over = /^(clickhouses|https):/.test(url) ? 'https:' : 'http:'
  const address = new URL(url.replace(/^[a-z]+:/, over))
  if (address.port === '' && over === 'http:') address.port = '8123'
  if (address.port === '' && url.startsWith('clickhouses:')) address.port = '8443'
  return address
}
