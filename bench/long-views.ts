/**
 * What one heartbeat costs while a view grows: a view is built whole from all its events each time some come. A thousand
 * views that run side by side, one heartbeat of each a round, at 10, 60, 250 and 500 events a view. Held to the bar is that
 * building stays in proportion: an event of a long view costs no more to look at again than one of a short view does.
 */
import { type Arrivals, eventOf, medianOf, openArrivals, playersFrom } from '#bench/questions/arrivals.ts'
import { numbersAsked, withEngine } from '#bench/questions/engine.ts'
import { DAY_MS, ensureTables } from '#bench/questions/world.ts'

const VIEWS = 1000
const INTERVAL_MS = 5000
/** Rounds measured at each length. */
const ROUNDS = 5
/** Events of a view that come at once until it is as long as is to be measured. */
const FILL = 20
/** Sorting more rows at once costs a little more for each. */
const BAR = 1.5

export async function bench(): Promise<object> {
  const { lengths } = numbersAsked({ lengths: '10,60,250,500' })
  return withEngine(async (engine) => {
    await ensureTables(engine.warehouse, Math.floor(Date.now() / DAY_MS) * DAY_MS)
    const arrivals = await openArrivals(engine, 0)
    const players = playersFrom(arrivals.now() - 3_600_000, VIEWS)
    let seq = 0
    const put = (count: number): Promise<Arrivals> => {
      const from = seq
      seq += count
      return arrivals.put(
        players.flatMap((player) =>
          Array.from({ length: count }, (_, at) => eventOf(player, from + at, INTERVAL_MS)),
        ),
      )
    }
    const costs: { length: number; micros: number }[] = []
    try {
      for (const length of lengths.split(',').map(Number)) {
        while (seq < length) await put(Math.min(FILL, length - seq))
        const measured: Arrivals[] = []
        for (let round = 0; round < ROUNDS; round++) measured.push(await put(1))
        const { buildMicros } = medianOf(measured)
        console.log(
          `${length} events a view: a heartbeat costs ${buildMicros.toFixed(0)} us of CPU until its view is built, ` +
            `${(buildMicros / length).toFixed(1)} us for each event of the view`,
        )
        costs.push({ length, micros: buildMicros })
      }
    } finally {
      await arrivals.close()
    }
    const [, short] = costs
    const last = costs.at(-1)
    if (short === undefined || last === undefined) throw new TypeError('--lengths takes two numbers or more')
    const ratio = last.micros / last.length / (short.micros / short.length)
    return {
      bench: 'long-views',
      ratio: Number(ratio.toFixed(2)),
      microsPerHeartbeat: costs.map(({ micros }) => Math.round(micros)),
      lengths: costs.map(({ length }) => length),
      against: `an event of a view of ${short.length}: CPU each time a view of ${last.length} is built again, by its events`,
      bar: `ratio <= ${BAR}`,
      pass: ratio <= BAR,
    }
  })
}
