/** Listens, on this machine alone, as long as anybody has a key; a platform without keys opens no port. */
import type { FastifyInstance } from 'fastify'
import type { SqlKeys } from '#domains/workbench/keys.ts'
import { createRoutes, type RoutesParts } from '#domains/workbench/routes.ts'

export type Workbench = {
  /** Where it listens; null when nobody has a key, or the port is taken. */
  url(): string | null
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const LOOK_MS = 3000

export async function openWorkbench(
  parts: Omit<RoutesParts, 'keys'> & {
    readonly keys: Pick<SqlKeys, 'find' | 'any'>
    readonly port: number
    /** Told where it listens, and null when it does no more. */
    readonly onUrl?: (url: string | null) => void
    /** How often it looks whether there are keys. */
    readonly lookMs?: number
  },
): Promise<Workbench> {
  const { keys, port, log, onUrl, lookMs = LOOK_MS } = parts
  let app: FastifyInstance | null = null
  let url: string | null = null
  let said = ''
  const tell = (now: string | null): void => {
    url = now
    onUrl?.(now)
  }
  const look = async (): Promise<void> => {
    const wanted = await keys.any()
    if (wanted && app === null) {
      const opening = createRoutes(parts)
      const listening = await opening.listen({ host: HOST, port })
      app = opening
      tell(listening)
    } else if (!wanted && app !== null) {
      const closing = app
      app = null
      tell(null)
      await closing.close()
    }
    said = ''
  }
  const lookCarefully = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      const message = String((error as Error).message)
      // A port that is taken stays so for long: said once.
      if (message !== said) log.warn({ err: error, port }, 'the SQL endpoint cannot listen; it tries again')
      said = message
    }
  }
  await lookCarefully()
  let looking: Promise<void> = Promise.resolve()
  let closed = false
  let timer: NodeJS.Timeout
  const again = (): void => {
    timer = setTimeout(() => {
      looking = lookCarefully().then(() => {
        if (!closed) again()
      })
    }, lookMs)
    timer.unref()
  }
  again()
  return {
    url: () => url,
    close: async () => {
      closed = true
      clearTimeout(timer)
      await looking
      await app?.close()
      if (url !== null) tell(null)
    },
  }
}
