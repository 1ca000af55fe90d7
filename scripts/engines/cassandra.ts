/** Apache Cassandra for tests: one node, or a ring of three, each on a loopback address of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import cassandra from 'cassandra-driver'
import { ENGINES_DIR, fetchJars } from '#scripts/engines/maven.ts'
import { freePorts } from '#scripts/engines/ports.ts'

const VERSION = '5.0.9'
const START_MS = 180_000
/** A newly joined node is waited for this long by the next; Cassandra's own default is half a minute. */
const RING_DELAY_MS = 2000

const OPENED =
  `java.base/java.lang java.base/java.lang.module java.base/java.lang.ref java.base/java.lang.reflect
  java.base/java.math java.base/java.net java.base/java.nio java.base/java.io java.base/java.util
  java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/jdk.internal.loader
  java.base/jdk.internal.math java.base/jdk.internal.misc java.base/jdk.internal.module java.base/jdk.internal.ref
  java.base/jdk.internal.reflect java.base/jdk.internal.util.jar java.base/sun.nio.ch
  java.management/com.sun.jmx.remote.security java.rmi/sun.rmi.registry java.rmi/sun.rmi.server
  java.rmi/sun.rmi.transport java.rmi/sun.rmi.transport.tcp java.sql/java.sql
  jdk.management/com.sun.management.internal`.split(/\s+/)

export type CassandraNode = {
  readonly host: string
  readonly pid: number
  /** SIGKILL. */
  kill(): Promise<void>
}
export type Cassandra = {
  readonly nodes: readonly CassandraNode[]
  /** The address of a keyspace there, made when it is first opened. */
  url(keyspace: string): string
  close(): Promise<void>
}

/** Nodes start one after the other, as a ring must grow. Everything they keep is in `dir`. */
export async function startCassandra({
  dir,
  nodes: count = 1,
}: {
  readonly dir: string
  readonly nodes?: 1 | 3
}): Promise<Cassandra> {
  const jars = await fetchJars({
    pom: path.join(import.meta.dirname, 'cassandra.pom.xml'),
    dir: path.join(ENGINES_DIR, `cassandra-${VERSION}`),
  })
  const [storage, native] = (await freePorts(2)) as [number, number]
  const ports = { storage, native }
  const nodes: CassandraNode[] = []
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()))
  }
  try {
    for (let i = 1; i <= count; i++) {
      nodes.push(await startNode({ jars, dir: path.join(dir, `node-${i}`), host: `127.0.0.${i}`, ports }))
    }
    await knowEachOther(nodes, ports.native)
  } catch (error) {
    await close()
    throw error
  }
  const hosts = nodes.map(({ host }) => host).join(',')
  return {
    nodes,
    close,
    url: (keyspace) => `cassandra://${hosts}:${ports.native}/${keyspace}?dc=datacenter1`,
  }
}

/** A node that has just begun is told to those who ask for the ring a moment later. */
async function knowEachOther(nodes: readonly CassandraNode[], port: number): Promise<void> {
  const [first] = nodes
  if (first === undefined || nodes.length === 1) return
  const client = new cassandra.Client({
    contactPoints: [first.host],
    protocolOptions: { port },
    localDataCenter: 'datacenter1',
  })
  try {
    await client.connect()
    for (let waited = 0; waited < START_MS; waited += 200) {
      const { rows } = await client.execute('SELECT tokens, rpc_address, schema_version FROM system.peers')
      const whole = rows.filter((peer) => Object.values(peer).every((value) => value !== null))
      if (whole.length === nodes.length - 1) return
      await sleep(200)
    }
    throw new Error('the nodes do not find each other')
  } finally {
    await client.shutdown()
  }
}

type Place = {
  readonly jars: string
  readonly dir: string
  readonly host: string
  readonly ports: { readonly storage: number; readonly native: number }
}

/** Resolves when the node takes CQL. */
async function startNode({ jars, dir, host, ports }: Place): Promise<CassandraNode> {
  mkdirSync(dir, { recursive: true })
  writeFileSync(path.join(dir, 'cassandra.yaml'), settings(dir, host, ports))
  writeFileSync(path.join(dir, 'logback.xml'), LOGGING)
  const said = path.join(dir, 'log')
  const out = openSync(said, 'a')
  const child = spawn('java', [...options(jars, dir), 'org.apache.cassandra.service.CassandraDaemon'], {
    cwd: dir,
    stdio: ['ignore', out, out],
  })
  const gone = once(child, 'exit')
  process.once('exit', () => child.kill('SIGKILL'))
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
  }
  try {
    await answers(child, host, ports.native)
  } catch (error) {
    await kill()
    throw new Error(`Cassandra did not start: ${readFileSync(said, 'utf8').slice(-3000)}`, { cause: error })
  }
  return { host, pid: child.pid as number, kill }
}

const options = (jars: string, dir: string): string[] => [
  '-Xms384m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:MaxDirectMemorySize=256m',
  ...OPENED.flatMap((one) => [`--add-opens=${one}=ALL-UNNAMED`, `--add-exports=${one}=ALL-UNNAMED`]),
  `-javaagent:${path.join(jars, 'jamm-0.4.0.jar')}`,
  '-Djdk.attach.allowAttachSelf=true',
  `-Dcassandra.config=file://${path.join(dir, 'cassandra.yaml')}`,
  `-Dcassandra.storagedir=${dir}`,
  '-Dcassandra-foreground=yes',
  '-Dcassandra.superuser_setup_delay_ms=0',
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  `-Dcassandra.ring_delay_ms=${RING_DELAY_MS}`,
  '-cp',
  `${dir}:${jars}/*`,
]

/** Small memory, and a write is in the commit log on disk before it is acknowledged. */
const settings = (
  dir: string,
  host: string,
  ports: Place['ports'],
): string => `cluster_name: streamverse-tests
num_tokens: 8
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${ports.storage}"
listen_address: ${host}
rpc_address: ${host}
storage_port: ${ports.storage}
native_transport_port: ${ports.native}
endpoint_snitch: SimpleSnitch
commitlog_sync: group
commitlog_sync_group_window: 5ms
data_file_directories: [${path.join(dir, 'data')}]
commitlog_directory: ${path.join(dir, 'commitlog')}
saved_caches_directory: ${path.join(dir, 'saved')}
hints_directory: ${path.join(dir, 'hints')}
cdc_raw_directory: ${path.join(dir, 'cdc')}
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
concurrent_reads: 8
concurrent_writes: 8
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
commitlog_total_space: 256MiB
file_cache_size: 64MiB
native_transport_max_request_data_in_flight: 64MiB
auto_snapshot: false
`

const LOGGING = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{20} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
`

async function answers(child: ChildProcess, host: string, port: number): Promise<void> {
  for (let waited = 0; waited < START_MS; waited += 100) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended with ${child.exitCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host)
      socket.once('connect', () => resolve(socket.destroy() !== undefined))
      socket.once('error', () => resolve(false))
    })
    if (open) return
    await sleep(100)
  }
  throw new Error('it does not answer')
}
