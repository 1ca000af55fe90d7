/**
 * Ten minutes at half of what the whole path takes at most: from HTTP to rows of views. Views end and others begin, some
 * batches come twice, some events are of a type nobody knows. Memory must stay flat and the ledger balance. `SOAK_MINUTES`
 * sets another length.
 */
import path from 'node:path'
import { BATCH_EVENTS, createBody, createPlayer, createSender, type Player } from '#bench/path/players.ts'
import { type PathState, startPath } from '#bench/path/serve.ts'
import { attachChdb } from '#storage/warehouse/chdb.ts'

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10)
const PLAYERS = 4000
/** Batches of a view until its player begins another. */
const VIEW_BATCHES = 24
const SENDERS = 32
const MOST_SECONDS = 30
const TICK_MS = 20
const LOOK_MS = 5000
/** Memory of the last third against that of the second: what comes before fills caches and pools. */
const BAR = 1.1

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** Hands out the players' bodies in turn; every fiftieth comes twice, every two hundredth holds a stranger. */
function createBodies(): () => readonly Buffer[] {
  const players = Array.from({ length: PLAYERS }, createPlayer)
  let n = 0
  return () => {
    const player = players[n++ % PLAYERS] as Player
    if (player.seq >= VIEW_BATCHES * BATCH_EVENTS) Object.assign(player, createPlayer())
    const body = createBody(player)
    if (n % 200 === 0)
      return [Buffer.from(body.toString().replace('"playback.heartbeat.sent"', '"nobody.knows"'))]
    return n % 50 === 0 ? [body, body] : [body]
  }
}

export async function bench(): Promise<object> {
  const served = await startPath()
  const sender = createSender(served.port)
  const bodies = createBodies()
  let refused = 0
  const send = async (): Promise<void> => {
    for (const body of bodies()) if ((await sender.post(body)) !== 202) refused++
  }

  // As fast as it goes, until all of it is in the views.
  const begunAt = performance.now()
  const until = begunAt + MOST_SECONDS * 1000
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      while (performance.now() < until) await send()
    }),
  )
  const { accepted } = await served.ask('settled')
  const most = accepted / ((performance.now() - begunAt) / 1000)
  const rate = most / 2

  const states: PathState[] = []
  const soakAt = performance.now()
  const endAt = soakAt + MINUTES * 60_000
  let lookAt = soakAt + LOOK_MS
  let sent = 0
  const sending = new Set<Promise<void>>()
  while (performance.now() < endAt) {
    const due = ((performance.now() - soakAt) / 1000) * (rate / BATCH_EVENTS)
    for (; sent < due; sent++) {
      const one = send().finally(() => sending.delete(one))
      sending.add(one)
    }
    if (performance.now() > lookAt) {
      lookAt += LOOK_MS
      states.push(await served.ask('state'))
    }
    await wait(TICK_MS)
  }
  await Promise.all(sending)
  const end = await served.ask('settled')
  const warehouse = await attachChdb({ dir: path.join(served.dir, 'warehouse') })
  const [rows] = await warehouse.query<{ events: number; letters: number }>({
    sql: 'SELECT (SELECT count() FROM playback_events) AS events, (SELECT count() FROM dead_letters) AS letters',
  })
  await warehouse.close()
  sender.close()
  await served.close()

  const third = Math.floor(states.length / 3)
  const memory = states.map(({ rssMb, warehouseRssMb }) => rssMb + warehouseRssMb)
  const [middle, last] = [median(memory.slice(third, 2 * third)), median(memory.slice(2 * third))]
  const ratio = Number((last / middle).toFixed(3))
  const balanced =
    end.accepted === end.stored + end.duplicate + end.deadLettered &&
    rows?.events === end.stored &&
    rows.letters === end.deadLettered
  return {
    bench: 'soak',
    ratio,
    minutes: MINUTES,
    eventsPerSecond: Math.round(rate),
    mostEventsPerSecond: Math.round(most),
    accepted: end.accepted,
    duplicate: end.duplicate,
    deadLettered: end.deadLettered,
    refused,
    memoryMb: last,
    balanced,
    against: 'memory of the last third of the time against that of the second; the ledger against the rows',
    bar: `ratio <= ${BAR}, balanced`,
    pass: ratio <= BAR && balanced,
  }
}

if (import.meta.main) console.log(JSON.stringify(await bench()))
