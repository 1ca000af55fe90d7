/**
 * What the online store costs over the library below it: reads and writes of a viewer's history through `OnlineStore`
 * beside the same rows through lmdb alone, with the same durability. Reads one by one (latency) and together (rate).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { open } from 'lmdb'
import { createRandom } from '#base/random.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { Row, RowKey } from '#storage/online-store/online-store.ts'

const VIEWERS = 5000
const ITEMS = 20
const READS = 200_000
const ROUNDS = 5
const WRITE_ROWS = 2000
const BAR_RATIO = 0.7
const BAR_P99_US = 20

const keyOf = (viewer: number, item: number): RowKey => ({
  space: 'history',
  tenantId: 'demo',
  entity: `viewer-${viewer}`,
  item: `title-${item}`,
})
const bareKey = ({ space, tenantId, entity, item }: RowKey): string[] => [space, tenantId, entity, item]
const rowOf = (viewer: number, item: number): Row => ({
  ...keyOf(viewer, item),
  value: { watchedMs: viewer * 1000 + item, completed: item % 2 === 0, lastAt: 1_760_000_000_000 },
  at: 1_760_000_000_000 + item,
})
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number
const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

export async function bench(): Promise<object> {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const ours = openLmdb({ dir: path.join(dir, 'ours') })
  const bare = open<unknown, string[]>({
    path: path.join(dir, 'bare'),
    encoding: 'msgpack',
    cache: false,
    overlappingSync: true,
  })
  try {
    for (let viewer = 0; viewer < VIEWERS; viewer += 100) {
      const rows = Array.from({ length: 100 * ITEMS }, (_, i) =>
        rowOf(viewer + Math.floor(i / ITEMS), i % ITEMS),
      )
      await ours.put(rows)
      await bare.transaction(() => {
        for (const row of rows) void bare.put(bareKey(row), row.value)
      })
    }
    const random = createRandom(1)
    const keys = Array.from({ length: READS }, () => keyOf(random.below(VIEWERS), random.below(ITEMS)))
    const readOurs = async (): Promise<void> => {
      for (const key of keys) if ((await ours.get(key)) === null) throw new Error('a row is missing')
    }
    const readBare = async (): Promise<void> => {
      for (const key of keys) {
        // As a caller of a store has to: an answer that may have been waited for.
        if ((await bare.get(bareKey(key))) === undefined) throw new Error('a row is missing')
      }
    }
    const writeOurs = (round: number): Promise<void> =>
      ours.put(
        Array.from({ length: WRITE_ROWS }, (_, i) => ({ ...rowOf(i, 0), at: 1_770_000_000_000 + round })),
      )
    const writeBare = async (round: number): Promise<void> => {
      await bare.transaction(() => {
        for (let i = 0; i < WRITE_ROWS; i++)
          void bare.put(bareKey(keyOf(i, 0)), { ...(rowOf(i, 0).value as object), round })
      })
      await bare.flushed
    }
    const cost = async (work: () => Promise<void>, count: number): Promise<number> => {
      const before = cpuMicros()
      await work()
      return (cpuMicros() - before) / count
    }
    await readOurs()
    await readBare()
    const rounds: { reads: number; writes: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const one = {
        ours: await cost(readOurs, READS),
        bare: await cost(readBare, READS),
        wOurs: await cost(() => writeOurs(round), WRITE_ROWS),
        wBare: await cost(() => writeBare(round), WRITE_ROWS),
      }
      rounds.push({ reads: one.bare / one.ours, writes: one.wBare / one.wOurs })
      const text = Object.values(one).map((value) => value.toFixed(2))
      console.log(`us CPU a row: reads ${text[0]} against ${text[1]}, writes ${text[2]} against ${text[3]}`)
    }
    const latencies = new Float64Array(READS)
    for (const [i, key] of keys.entries()) {
      const start = process.hrtime.bigint()
      await ours.get(key)
      latencies[i] = Number(process.hrtime.bigint() - start) / 1000
    }
    latencies.sort()
    const p99Us = Number((latencies[Math.floor(READS * 0.99)] as number).toFixed(1))
    const ratio = Number(median(rounds.map(({ reads }) => reads)).toFixed(2))
    return {
      bench: 'online-store',
      ratio,
      writeRatio: Number(median(rounds.map(({ writes }) => writes)).toFixed(2)),
      p50Us: Number((latencies[READS >> 1] as number).toFixed(1)),
      p99Us,
      against: 'lmdb itself: the same values under the same keys, CPU per row',
      bar: `ratio >= ${BAR_RATIO}, p99Us <= ${BAR_P99_US}`,
      pass: ratio >= BAR_RATIO && p99Us <= BAR_P99_US,
    }
  } finally {
    await ours.close()
    await bare.close()
    await rm(dir, { recursive: true, force: true })
  }
}
