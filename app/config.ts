/**
 * Configuration: the only reader of the environment. Every mistake is reported at once, each with what to do.
 * `.env.example` lists all settings; a test keeps the two equal.
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, type ConfigProblem } from '#app/errors.ts'

export type Config = {
  readonly host: string
  readonly port: number
  readonly publicUrl: string | null
  readonly dataDir: string
  readonly urls: {
    readonly log?: string
    readonly warehouse?: string
    readonly online?: string
    readonly records?: string
    readonly media?: string
  }
  readonly ffmpegPath: string | null
  readonly transcodeJobs: number
  readonly maxUploadBytes: number
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
  { name: 'PUBLIC_URL', fallback: '', about: 'address viewers use when a proxy stands in front' },
  { name: 'DATA_DIR', fallback: './data', about: 'where everything is kept' },
  { name: 'LOG_URL', fallback: '', about: 'event log; empty: embedded in DATA_DIR' },
  { name: 'WAREHOUSE_URL', fallback: '', about: 'ClickHouse; empty: embedded in DATA_DIR' },
  { name: 'ONLINE_URL', fallback: '', about: 'online store; empty: embedded in DATA_DIR' },
  { name: 'RECORDS_URL', fallback: '', about: 'PostgreSQL, postgres://...; empty: embedded in DATA_DIR' },
  { name: 'MEDIA_URL', fallback: '', about: 'media; empty: files in DATA_DIR' },
  {
    name: 'FFMPEG_PATH',
    fallback: '',
    about: 'an ffmpeg program; empty: the one on PATH, else the packaged one',
  },
  { name: 'TRANSCODE_JOBS', fallback: '1', about: 'transcodes at a time, 1 to 64' },
  { name: 'MAX_UPLOAD_BYTES', fallback: '53687091200', about: 'largest source accepted, in bytes' },
  { name: 'LOG_LEVEL', fallback: 'info', about: 'debug | info | warn | error | silent' },
  { name: 'EMPTY', fallback: '', about: '1: start without the demo world, like --empty' },
]

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
    problems.push({ name, value: value(name), fix })
  }
  const whole = (name: string, min: number, max: number): number => {
    const n = Number(value(name))
    if (!/^\d+$/.test(value(name)) || n < min || n > max)
      wrong(name, `give a whole number from ${min} to ${max}`)
    return n
  }
  const oneOf = (name: string, words: readonly string[]): string => {
    if (!words.includes(value(name))) wrong(name, `use one of ${words.join(', ')}`)
    return value(name)
  }
  const url = (name: string): string | undefined => {
    const text = value(name)
    if (text === '') return undefined
    if (!URL.canParse(text))
      wrong(name, 'give a whole URL such as postgres://user:password@host:5432/name, or leave it empty')
    return text
  }
  const urls = Object.fromEntries(
    Object.entries({
      log: url('LOG_URL'),
      warehouse: url('WAREHOUSE_URL'),
      online: url('ONLINE_URL'),
      records: url('RECORDS_URL'),
      media: url('MEDIA_URL'),
    }).filter(([, text]) => text !== undefined),
  )
  if (value('DATA_DIR') === '') wrong('DATA_DIR', 'give a folder')
  const config: Config = {
    host: value('HOST'),
    port: whole('PORT', 0, 65535),
    publicUrl: url('PUBLIC_URL') ?? null,
    dataDir: path.resolve(value('DATA_DIR')),
    urls,
    ffmpegPath: value('FFMPEG_PATH') === '' ? null : value('FFMPEG_PATH'),
    transcodeJobs: whole('TRANSCODE_JOBS', 1, 64),
    maxUploadBytes: whole('MAX_UPLOAD_BYTES', 1, Number.MAX_SAFE_INTEGER),
    logLevel: oneOf('LOG_LEVEL', LEVELS),
    empty: oneOf('EMPTY', ['', '0', '1']) === '1',
  }
  if (config.host === '') wrong('HOST', 'give an address such as 127.0.0.1')
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

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
