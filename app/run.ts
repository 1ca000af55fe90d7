/** Starts the platform: configuration, everything in `platform.ts`, and an orderly end on SIGTERM or Ctrl-C at any time. */
import pino from 'pino'
import { readConfig } from '#app/config.ts'
import { ConfigError } from '#app/errors.ts'
import { openPlatform, type Platform } from '#app/platform.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

const STOP_MS = 9000
/** Ctrl-C reaches us from the terminal and again through npm: that is one wish, not two. */
const SAME_WISH_MS = 1000

export async function run(): Promise<void> {
  const config = readConfig(process.env, process.argv.slice(2))
  const log = pino({ level: config.logLevel }, pino.destination(2))
  const stopping = new AbortController()
  const opening = Promise.withResolvers<Platform>()
  stopOnSignal(opening.promise, stopping, log)
  openPlatform(config, log, process.env, stopping.signal).then(opening.resolve, opening.reject)
  try {
    const platform = await opening.promise
    process.stdout.write(`StreamVerse: ${config.publicUrl ?? platform.url}\n`)
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    if (error !== stopping.signal.reason) log.warn({ err: error }, 'a start that was stopped also failed')
  }
}

/** The first signal stops in order, open or still opening; a second one, or STOP_MS, ends at once. */
function stopOnSignal(opening: Promise<Platform>, stopping: AbortController, log: Log): void {
  let askedAt = 0
  const stop = (): void => {
    if (stopping.signal.aborted) {
      if (Date.now() - askedAt > SAME_WISH_MS) process.exit(1)
      return
    }
    askedAt = Date.now()
    setTimeout(() => {
      log.error({}, 'did not stop in time')
      process.exit(1)
    }, STOP_MS).unref()
    stopping.abort()
    // A start that is stopped closes what it had opened before it rejects.
    opening
      .then(
        (platform) => platform.close(),
        () => undefined,
      )
      .then(
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
