/** One connection that hears NOTIFY for the whole process, and comes back when it is lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '#base/log.ts'

export type Listener = {
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export function openListener(url: string, log: Log): Listener {
  const listeners = new Map<string, Set<(payload: string) => void>>()
  let client: pg.Client | null = null
  let connecting: Promise<pg.Client> | null = null
  let closed = false

  const tell = (channel: string, payload: string): void => {
    for (const heard of listeners.get(channel) ?? []) {
      try {
        heard(payload)
      } catch (error) {
        log.error({ err: error, channel }, 'a listener failed')
      }
    }
  }
  const connect = async (): Promise<pg.Client> => {
    const next = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'streamverse' })
    next.on('error', () => {})
    await next.connect()
    for (const channel of listeners.keys()) await next.query(`LISTEN ${next.escapeIdentifier(channel)}`)
    next.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''))
    next.once('end', () => {
      client = null
      if (!closed && listeners.size > 0) void comeBack()
    })
    client = next
    return next
  }
  /** What was said while we were away is lost: listeners hear an empty payload and look for themselves. */
  const comeBack = async (): Promise<void> => {
    for (let pauseMs = 50; !closed; pauseMs = Math.min(pauseMs * 2, 5000)) {
      await sleep(pauseMs, undefined, { ref: false })
      try {
        await ensure()
        for (const channel of listeners.keys()) tell(channel, '')
        return
      } catch (error) {
        if (pauseMs >= 5000) log.warn({ err: error }, 'notifications of PostgreSQL cannot be heard')
      }
    }
  }
  const ensure = (): Promise<pg.Client> => {
    if (client !== null) return Promise.resolve(client)
    connecting ??= connect().finally(() => {
      connecting = null
    })
    return connecting
  }

  return {
    listen: async (channel, heard) => {
      const known = listeners.get(channel)
      if (known !== undefined) known.add(heard)
      else {
        listeners.set(channel, new Set([heard]))
        const open = await ensure()
        await open.query(`LISTEN ${open.escapeIdentifier(channel)}`)
      }
      return async () => {
        const heardBy = listeners.get(channel)
        heardBy?.delete(heard)
        if (heardBy?.size !== 0) return
        listeners.delete(channel)
        const open = client
        await open?.query(`UNLISTEN ${open.escapeIdentifier(channel)}`).catch(() => {})
      }
    },
    close: async () => {
      closed = true
      const open = client ?? (await connecting?.catch(() => null))
      await open?.end()
    },
  }
}
