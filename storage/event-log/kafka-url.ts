/**
 * The address of a Kafka cluster as LOG_URL has it:
 * `kafka://host:port[,host:port...][?replication=3&prefix=name.&compression=none]`, or `kafkas://user:password@...` with
 * TLS and SASL (`&mechanism=plain`).
 */

export type KafkaUrl = {
  readonly brokers: readonly string[]
  readonly tls: boolean
  readonly login: {
    readonly username: string
    readonly password: string
    readonly mechanism: Mechanism
  } | null
  /** Copies of each partition in topics that are created; null leaves it to the cluster. */
  readonly replication: number | null
  /** Stands before the names of topics and groups, for a cluster that is shared. */
  readonly prefix: string
  readonly zstd: boolean
}
const MECHANISMS = ['scram-sha-512', 'scram-sha-256', 'plain'] as const
export type Mechanism = (typeof MECHANISMS)[number]

const SHAPE = /^(kafkas?):\/\/(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?(.*))?$/
const BROKER = /^(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})$/
const KNOWN = ['replication', 'prefix', 'compression', 'mechanism']

/** The parts of the address, or what is wrong with it, as what to do. */
export function readKafkaUrl(url: string): { parts: KafkaUrl } | { problem: string } {
  const [, scheme, user, hosts = '', query = ''] = SHAPE.exec(url) ?? []
  const brokers = hosts.split(',')
  const wrong = (problem: string) => ({ problem })
  if (scheme === undefined || !brokers.every(isBroker)) {
    return wrong('give every broker as host:port, such as kafka://one:9092,two:9092')
  }
  const options = new URLSearchParams(query)
  const unknown = [...options.keys()].find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) return wrong(`leave out ${unknown}: what there is are ${KNOWN.join(', ')}`)
  const replication = options.get('replication')
  if (replication !== null && !/^[1-9]$/.test(replication)) return wrong('give replication as 1 to 9')
  const prefix = options.get('prefix') ?? ''
  if (!/^[\w.-]{0,64}$/.test(prefix)) return wrong('give a prefix of letters, digits, dots, dashes')
  const compression = options.get('compression') ?? 'zstd'
  if (!['zstd', 'none'].includes(compression)) return wrong('give compression as zstd or none')
  const mechanism = MECHANISMS.find((one) => one === (options.get('mechanism') ?? MECHANISMS[0]))
  if (mechanism === undefined) return wrong(`give a mechanism of ${MECHANISMS.join(', ')}`)
  if (user !== undefined && scheme === 'kafka') {
    return wrong('use kafkas:// with a user: over kafka:// its password would be readable on the way')
  }
  const login = loginOf(user, mechanism)
  if (login === undefined) return wrong('give the login as user:password, with % for special characters')
  return {
    parts: {
      brokers,
      tls: scheme === 'kafkas',
      login,
      replication: replication === null ? null : Number(replication),
      prefix,
      zstd: compression === 'zstd',
    },
  }
}

function isBroker(broker: string): boolean {
  const port = Number(BROKER.exec(broker)?.[2] ?? 0)
  return port > 0 && port < 65_536
}

/** Null without a login, undefined when it is not one. */
function loginOf(user: string | undefined, mechanism: Mechanism): KafkaUrl['login'] | undefined {
  if (user === undefined) return null
  const at = user.indexOf(':')
  if (at < 1) return undefined
  try {
    const [username, password] = [user.slice(0, at), user.slice(at + 1)].map(decodeURIComponent) as [
      string,
      string,
    ]
    return { username, password, mechanism }
  } catch {
    // an escape that is none
    return undefined
  }
}
