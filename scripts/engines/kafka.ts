/**
 * Apache Kafka for tests and measurements: one broker or three on free ports of this machine, each also a controller
 * (KRaft), their data in a folder that is removed when they are stopped. Ready when it resolves.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ENGINES_DIR, fetchJars } from '#scripts/engines/maven.ts'
import { freePorts } from '#scripts/engines/ports.ts'

export type KafkaEngine = {
  /** `kafka://host:port[,host:port]`, as LOG_URL takes it. */
  readonly url: string
  /** Classpath of the tools that come with it. */
  readonly classpath: string
  /** Kills a broker (0, 1, 2) as a power cut would: SIGKILL. */
  kill(broker: number): Promise<void>
  /** Starts a killed broker again, on its old port and data. */
  restart(broker: number): Promise<void>
  stop(): Promise<void>
}

const READY_MS = 120_000
const STOP_MS = 20_000
/** What the brokers say goes to a file; only that they are up is worth a line. */
const QUIET = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
]

export async function startKafka({ brokers: count = 1 }: { brokers?: 1 | 3 } = {}): Promise<KafkaEngine> {
  const jars = await fetchJars({
    pom: path.join(import.meta.dirname, 'kafka.pom.xml'),
    dir: path.join(ENGINES_DIR, 'kafka'),
  })
  const classpath = `${jars}/*`
  const root = mkdtempSync(path.join(tmpdir(), 'kafka-'))
  const ports = await freePorts(count * 2)
  const listening = ports.slice(0, count)
  const clusterId = randomBytes(16).toString('base64url')
  const configs = listening.map((port, i) => {
    const file = path.join(root, `broker-${i}.properties`)
    writeFileSync(file, propertiesOf({ broker: i, port, controllers: ports.slice(count), root }))
    return file
  })
  const running: (ChildProcess | null)[] = configs.map(() => null)
  const killAll = (): void => {
    for (const broker of running) broker?.kill('SIGKILL')
  }
  // A run that is interrupted leaves no broker behind.
  const interrupted = (signal: NodeJS.Signals): void => {
    killAll()
    process.kill(process.pid, signal)
  }
  process.once('exit', killAll).once('SIGINT', interrupted).once('SIGTERM', interrupted)
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((broker) => end(broker)))
    process.off('exit', killAll).off('SIGINT', interrupted).off('SIGTERM', interrupted)
    rmSync(root, { recursive: true, force: true })
  }
  const start = async (i: number): Promise<void> => {
    const broker = spawn(
      'java',
      ['-Xms128m', '-Xmx512m', ...QUIET, '-cp', classpath, 'kafka.Kafka', configs[i] as string],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    running[i] = broker
    await ready(broker, path.join(root, `broker-${i}.log`))
  }
  try {
    format(classpath, clusterId, configs[0] as string)
    for (let i = 1; i < count; i++) formatAs(path.join(root, 'data-0'), path.join(root, `data-${i}`), i)
    await Promise.all(configs.map((_, i) => start(i)))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `kafka://${listening.map((port) => `127.0.0.1:${port}`).join(',')}`,
    classpath,
    kill: async (i) => {
      const broker = running[i]
      running[i] = null
      if (broker == null || broker.exitCode !== null) return
      const gone = once(broker, 'exit')
      broker.kill('SIGKILL')
      await gone
    },
    restart: start,
    stop,
  }
}

type BrokerPlace = { broker: number; port: number; controllers: readonly number[]; root: string }

function propertiesOf({ broker, port, controllers, root }: BrokerPlace): string {
  const copies = controllers.length
  const own = controllers[broker] as number
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': broker,
    'controller.quorum.voters': controllers.map((at, i) => `${i}@127.0.0.1:${at}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${own}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': path.join(root, `data-${broker}`),
    'auto.create.topics.enable': false,
    'default.replication.factor': copies,
    'offsets.topic.num.partitions': 3,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.max(1, copies - 1),
    'group.initial.rebalance.delay.ms': 0,
    // A broker that is gone is missed after seconds, as on a cluster that is set up for it.
    'broker.session.timeout.ms': 6000,
    'broker.heartbeat.interval.ms': 1000,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.fetch.timeout.ms': 1000,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Writes the cluster's id into a broker's empty data folder, which Kafka asks for before its first start. */
function format(classpath: string, clusterId: string, config: string): void {
  const argv = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classpath, 'kafka.tools.StorageTool']
  const { status, stderr } = spawnSync('java', [...argv, 'format', '-t', clusterId, '-c', config], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Kafka's data folder could not be formatted: ${stderr.slice(-2000)}`)
}

/** The folder of another broker of the cluster: the first's, which is a second of Java cheaper, with ids of its own. */
function formatAs(first: string, dir: string, broker: number): void {
  cpSync(first, dir, { recursive: true })
  const file = path.join(dir, 'meta.properties')
  const own = readFileSync(file, 'utf8')
    .replace(/^node\.id=.*$/m, `node.id=${broker}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${randomBytes(16).toString('base64url')}`)
  writeFileSync(file, own)
}

/** Resolves when a broker says that it has started; rejects with the end of its log when it does not. */
async function ready(broker: ChildProcess, logFile: string): Promise<void> {
  const file = createWriteStream(logFile, { flags: 'a' })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const failed = (why: string): void => {
    const said = readFileSync(logFile, 'utf8').slice(-3000)
    reject(new Error(`Kafka ${why}: ${said}`))
  }
  const timer = setTimeout(() => failed(`did not start in ${READY_MS / 1000} s`), READY_MS)
  let tail = ''
  for (const stream of [broker.stdout, broker.stderr]) {
    stream?.pipe(file, { end: false })
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-1000)
      if (tail.includes('Kafka Server started')) resolve()
    })
  }
  broker.once('exit', (status) => file.end(() => failed(`ended with ${status}`)))
  broker.once('error', reject)
  await promise.finally(() => clearTimeout(timer))
}

/** Asks a broker to end, which flushes and hands its partitions over; insists after a while. */
async function end(broker: ChildProcess | null): Promise<void> {
  if (broker === null || broker.exitCode !== null || broker.signalCode !== null) return
  const gone = once(broker, 'exit')
  broker.kill('SIGTERM')
  const insist = setTimeout(() => broker.kill('SIGKILL'), STOP_MS)
  await gone
  clearTimeout(insist)
}
