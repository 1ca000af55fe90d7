/**
 * Configuration: the only reader of the environment. Every mistake is reported at once, each with what to do.
 * `.env.example` lists all settings; a test keeps the two equal.
 */
import { parseArgs } from 'node:util'
import { ConfigError, type ConfigProblem } from '#app/errors.ts'
import { createReaders } from '#app/setting-readers.ts'
import type { S3Credentials } from '#storage/media/s3-address.ts'
import type { StorageUrls } from '#storage/places.ts'

export type Config = {
  readonly host: string
  readonly port: number
  /** Of the SQL endpoint, on this machine alone; it listens while there are keys. */
  readonly sqlPort: number
  /** The origin viewers use, such as `https://video.example`; null: the one they asked. */
  readonly publicUrl: string | null
  readonly dataDir: string
  readonly urls: StorageUrls
  /** Keys of the media bucket; null: the SDK looks for them where it always does. */
  readonly mediaKeys: S3Credentials | null
  readonly ffmpegPath: string | null
  readonly transcodeJobs: number
  readonly maxUploadBytes: number
  /** How many connections one address may hold; 0: any number. */
  readonly connectionsPerAddress: number
  readonly logLevel: string
  /** Start without the demo world. */
  readonly empty: boolean
}

type Setting = { readonly name: string; readonly fallback: string; readonly about: string }

/** Every environment variable there is, in the order of `.env.example`. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'HOST',
    fallback: '127.0.0.1',
    about: 'address to listen on; 0.0.0.0 opens the platform to the network',
  },
  { name: 'PORT', fallback: '4400', about: 'port to listen on; 0 takes a free one' },
  {
    name: 'SQL_PORT',
    fallback: '4401',
    about: 'port of the SQL endpoint, on 127.0.0.1 while there are keys to it; 0 takes a free one',
  },
  {
    name: 'PUBLIC_URL',
    fallback: '',
    about: 'address viewers use when a proxy stands in front, https://video.example',
  },
  { name: 'DATA_DIR', fallback: './data', about: 'where everything is kept' },
  {
    name: 'LOG_URL',
    fallback: '',
    about: 'event log, kafka://host:9092,... or kafkas://user:password@...; empty: embedded in DATA_DIR',
  },
  {
    name: 'WAREHOUSE_URL',
    fallback: '',
    about: 'ClickHouse, clickhouse://user:password@host:8123/database; empty: embedded in DATA_DIR',
  },
  {
    name: 'ONLINE_URL',
    fallback: '',
    about: 'ScyllaDB or Cassandra, scylla://host,host:9042/keyspace?dc=name; empty: embedded in DATA_DIR',
  },
  { name: 'RECORDS_URL', fallback: '', about: 'PostgreSQL, postgres://...; empty: embedded in DATA_DIR' },
  {
    name: 'MEDIA_URL',
    fallback: '',
    about: 'media, s3://bucket/prefix?region=eu-west-1&endpoint=https://host; empty: files in DATA_DIR',
  },
  {
    name: 'AWS_ACCESS_KEY_ID',
    fallback: '',
    about: 'key of the media bucket; empty: the profile or role of this machine',
  },
  { name: 'AWS_SECRET_ACCESS_KEY', fallback: '', about: 'its secret, never printed' },
  { name: 'AWS_SESSION_TOKEN', fallback: '', about: 'its token, where the key is a temporary one' },
  {
    name: 'FFMPEG_PATH',
    fallback: '',
    about: 'an ffmpeg program; empty: the one on PATH, else the packaged one',
  },
  { name: 'TRANSCODE_JOBS', fallback: '1', about: 'transcodes at a time, 1 to 64' },
  { name: 'MAX_UPLOAD_BYTES', fallback: '53687091200', about: 'largest source accepted, in bytes' },
  {
    name: 'CONNECTIONS_PER_ADDRESS',
    fallback: '',
    about:
      'connections one address may hold, 0 for any number; empty: 1000, and 0 where PUBLIC_URL says a proxy',
  },
  { name: 'LOG_LEVEL', fallback: 'info', about: 'debug | info | warn | error | silent' },
  { name: 'EMPTY', fallback: '', about: '1: start without the demo world, like --empty' },
]

/** A browser holds six; a house of viewers behind one address some hundred. */
const CONNECTIONS_PER_ADDRESS = 1000
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

/** Reads flags and environment. Throws ConfigError holding every mistake. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Config {
  const problems: ConfigProblem[] = []
  const flags = readFlags(args, problems)
  const value = (name: string): string =>
    flags[name] ?? env[name] ?? SETTINGS.find((setting) => setting.name === name)?.fallback ?? ''
  const wrong = (name: string, fix: string): void => {
    problems.push({ name, value: SECRET.test(name) ? '***' : withoutPassword(value(name)), fix })
  }
  const { whole, oneOf, storeUrl, folder, origin, keys } = createReaders(value, wrong)
  const urls: StorageUrls = {
    ...storeUrl('log', 'LOG_URL'),
    ...storeUrl('warehouse', 'WAREHOUSE_URL'),
    ...storeUrl('online', 'ONLINE_URL'),
    ...storeUrl('records', 'RECORDS_URL'),
    ...storeUrl('media', 'MEDIA_URL'),
  }
  const config: Config = {
    host: value('HOST'),
    port: whole('PORT', 0, 65535),
    sqlPort: whole('SQL_PORT', 0, 65535),
    publicUrl: origin('PUBLIC_URL'),
    dataDir: folder('DATA_DIR'),
    urls,
    mediaKeys: keys(),
    ffmpegPath: value('FFMPEG_PATH') === '' ? null : value('FFMPEG_PATH'),
    transcodeJobs: whole('TRANSCODE_JOBS', 1, 64),
    maxUploadBytes: whole('MAX_UPLOAD_BYTES', 1, Number.MAX_SAFE_INTEGER),
    connectionsPerAddress:
      value('CONNECTIONS_PER_ADDRESS') === ''
        ? value('PUBLIC_URL') === ''
          ? CONNECTIONS_PER_ADDRESS
          : 0
        : whole('CONNECTIONS_PER_ADDRESS', 0, 1_000_000),
    logLevel: oneOf('LOG_LEVEL', LEVELS),
    empty: oneOf('EMPTY', ['', '0', '1']) === '1',
  }
  if (config.host === '') wrong('HOST', 'give an address such as 127.0.0.1')
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

const SECRET = /SECRET|TOKEN/

/** Mistakes are printed, and what is printed is kept in logs. */
const withoutPassword = (text: string): string => text.replace(/^(\w+:\/\/[^:/@]*:)[^/]*@/, '$1***@')

function readFlags(args: readonly string[], problems: ConfigProblem[]): Record<string, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        empty: { type: 'boolean' },
        port: { type: 'string' },
        host: { type: 'string' },
        'data-dir': { type: 'string' },
      },
    })
    const flags: Record<string, string> = {}
    if (values.empty === true) flags['EMPTY'] = '1'
    if (values.port !== undefined) flags['PORT'] = values.port
    if (values.host !== undefined) flags['HOST'] = values.host
    if (values['data-dir'] !== undefined) flags['DATA_DIR'] = values['data-dir']
    return flags
  } catch (error) {
    problems.push({
      name: 'command line',
      value: args.join(' '),
      fix: `${(error as Error).message.split('.')[0] ?? ''}; the flags are --empty, --port, --host and --data-dir`,
    })
    return {}
  }
}
