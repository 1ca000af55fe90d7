/**
 * How old a chart is: from the answer a player waits for until the view can be read where charts read it, while 5,000
 * events a second come in from 10,000 players. The collector, the log, the sink and the views run in one process, as on
 * the platform, with the warehouse in its own; players and the reader run in another.
 */
import path from 'node:path'
import { BATCH_EVENTS, createBody, createPlayer, createSender, type Player } from '#bench/path/players.ts'
import { startPath } from '#bench/path/serve.ts'
import { attachChdb } from '#storage/warehouse/chdb.ts'

/** Each player says something every two seconds and sends it every ten. */
const PLAYERS = 10_000
const BATCHES_A_SECOND = 1000
const TICK_MS = 20
const SECONDS = 60
/** Until caches are warm and tables have parts to merge. */
const WARM_UP_SECONDS = 15
/** What a reader waits between questions is in the delay; more questions would take the time from what they measure. */
const POLL_MS = 100
const BAR_MS = 1000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const quantile = (sorted: readonly number[], q: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number)

export async function bench(): Promise<object> {
  const served = await startPath()
  const sender = createSender(served.port)
  const warehouse = await attachChdb({ dir: path.join(served.dir, 'warehouse') })
  const players = Array.from({ length: PLAYERS }, createPlayer)
  const begin = performance.now()
  const endAt = begin + (WARM_UP_SECONDS + SECONDS) * 1000
  /** Of a view that is waited for: how many events it must have, and when its last was answered. */
  const waited = new Map<string, { events: number; sentAt: number }>()
  const delays: number[] = []
  let sent = 0
  let going = true

  const send = async (player: Player, isMeasured: boolean): Promise<void> => {
    const sentAt = performance.now()
    const status = await sender.post(createBody(player))
    if (status !== 202) throw new Error(`answered ${status}`)
    sent += BATCH_EVENTS
    if (isMeasured) waited.set(player.sid, { events: player.seq, sentAt })
  }
  const read = async (): Promise<void> => {
    while (going || waited.size > 0) {
      const sids = [...waited.keys()]
      if (sids.length > 0) {
        const rows = await warehouse.query<{ sid: string; events: number }>({
          sql: `SELECT sid, eventCount AS events FROM views FINAL WHERE tenantId = 'demo' AND sid IN ({sids:Array(String)})`,
          params: { sids },
        })
        const now = performance.now()
        for (const { sid, events } of rows) {
          const one = waited.get(sid)
          if (one === undefined || events < one.events) continue
          delays.push(now - one.sentAt)
          waited.delete(sid)
        }
      }
      await pause(POLL_MS)
    }
  }
  const reading = read()
  const sending: Promise<void>[] = []
  let next = 0
  for (let tick = 0; performance.now() < endAt; tick++) {
    for (let i = 0; i < (BATCHES_A_SECOND * TICK_MS) / 1000; i++) {
      // One batch a tick is followed to the chart.
      const isMeasured = i === 0 && performance.now() - begin > WARM_UP_SECONDS * 1000
      sending.push(send(players[next++ % PLAYERS] as Player, isMeasured))
    }
    await pause(Math.max(0, begin + (tick + 1) * TICK_MS - performance.now()))
  }
  await Promise.all(sending)
  going = false
  await reading
  const seconds = (performance.now() - begin) / 1000
  await warehouse.close()
  sender.close()
  await served.close()
  delays.sort((a, b) => a - b)
  const p99Ms = quantile(delays, 0.99)
  return {
    bench: 'fresh',
    ratio: Number((BAR_MS / p99Ms).toFixed(2)),
    p50Ms: quantile(delays, 0.5),
    p99Ms,
    eventsPerSecond: Math.round(sent / seconds),
    followed: delays.length,
    against: 'one second from the player’s request to the chart’s query, at 5,000 events a second',
    bar: `p99Ms <= ${BAR_MS}`,
    pass: p99Ms <= BAR_MS,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
