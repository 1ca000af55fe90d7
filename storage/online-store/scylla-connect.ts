/**
 * Connects to a cluster. Without a data centre's name the first node is asked for its own. A keyspace that is not there is
 * made with three copies of each row, or as many as the data centre has nodes.
 */
import cassandra from 'cassandra-driver'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/online-store/errors.ts'
import { type Address, readAddress } from '#storage/online-store/scylla-address.ts'
import { patiently } from '#storage/online-store/scylla-work.ts'

const { auth, policies, types } = cassandra
const COPIES = 3
const READ_TIMEOUT_MS = 5000
/** A node that has not answered by then is not waited for alone: the next is asked too. */
const SECOND_NODE_AFTER_MS = 200

export async function connectScylla(url: string, log: Log): Promise<cassandra.Client> {
  const address = readAddress(url)
  if (address === null) throw new Refusal(refusals.refused, 'ONLINE_URL names no host or no keyspace.')
  const dc = address.dc ?? (await askDataCentre(address))
  await ensureKeyspace(address, dc)
  const client = new cassandra.Client({
    ...common(address),
    localDataCenter: dc,
    keyspace: address.keyspace,
    policies: {
      speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(
        SECOND_NODE_AFTER_MS,
        1,
      ),
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(1000),
    },
    queryOptions: { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum },
  })
  client.on('hostDown', (host: { address: string }) =>
    log.warn({ node: host.address }, 'a node of the online store is away'),
  )
  client.on('hostUp', (host: { address: string }) =>
    log.info({ node: host.address }, 'a node of the online store is back'),
  )
  return connected(client)
}

const common = ({ contactPoints, port, tls, credentials }: Address): cassandra.ClientOptions => ({
  contactPoints,
  protocolOptions: { port },
  socketOptions: { readTimeout: READ_TIMEOUT_MS },
  ...(tls ? { sslOptions: { rejectUnauthorized: true } } : {}),
  ...(credentials === null
    ? {}
    : { authProvider: new auth.PlainTextAuthProvider(credentials.user, credentials.password) }),
})

async function connected(client: cassandra.Client): Promise<cassandra.Client> {
  try {
    await patiently(() => client.connect())
    return client
  } catch (error) {
    await client.shutdown()
    if (error instanceof Refusal && !/[Aa]uthenticat|credentials/.test(error.message)) throw error
    throw new Refusal(refusals.refused, `The online store: ${(error as Error).message}`, { cause: error })
  }
}

/** Whichever node answers says where it stands. */
async function askDataCentre(address: Address): Promise<string> {
  const client = await connected(
    new cassandra.Client({
      ...common(address),
      policies: { loadBalancing: new policies.loadBalancing.RoundRobinPolicy() },
    }),
  )
  try {
    const { rows } = await patiently(() => client.execute('SELECT data_center FROM system.local'))
    return rows[0]?.['data_center'] as string
  } finally {
    await client.shutdown()
  }
}

async function ensureKeyspace(address: Address, dc: string): Promise<void> {
  const { keyspace } = address
  const client = await connected(new cassandra.Client({ ...common(address), localDataCenter: dc }))
  try {
    const known = await patiently(() =>
      client.execute('SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?', [
        keyspace.toLowerCase(),
      ]),
    )
    if (known.rows.length > 0) return
    const nodes = client.hosts.values().filter((host) => host.datacenter === dc).length
    const replication = `{'class': 'NetworkTopologyStrategy', '${dc.replaceAll("'", "''")}': ${Math.min(COPIES, nodes)}}`
    await patiently(() =>
      client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${replication}`),
    )
  } finally {
    await client.shutdown()
  }
}
