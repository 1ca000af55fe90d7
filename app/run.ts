/** Starts the platform: configuration, everything in `platform.ts`, and an orderly end on SIGTERM or Ctrl-C. */
import pino from 'pino'
import { readConfig } from '#app/config.ts'
import { ConfigError } from '#app/errors.ts'
import { openPlatform } from '#app/platform.ts'
import { Refusal } from '#base/refusal.ts'

const DRAIN_MS = 9000

export async function run(): Promise<void> {
  const config = readConfig(process.env, process.argv.slice(2))
  const log = pino({ level: config.logLevel }, pino.destination(2))
  const platform = await openPlatform(config, log, process.env)
  process.stdout.write(`StreamVerse: ${config.publicUrl ?? platform.url}\n`)

  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => {
      log.error({}, 'did not drain in time')
      process.exit(1)
    }, DRAIN_MS).unref()
    platform.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Says what went wrong in words where it is something people can mend. */
export function explain(error: unknown): void {
  if (error instanceof ConfigError) console.error(error.message)
  else if (error instanceof Refusal) console.error(`${error.message}\n${error.fix} (${error.code})`)
  else console.error(error)
}
