/** A ring of three Cassandra nodes, each row on all three: one is killed under load, and nothing acknowledged is missing. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import cassandra from 'cassandra-driver'
import { silentLog } from '#base/log.ts'
import { type CassandraNode, startCassandra } from '#scripts/engines/cassandra.ts'
import type { OnlineStore, Row } from '#storage/online-store/online-store.ts'
import { openScylla } from '#storage/online-store/scylla.ts'
import { readAddress } from '#storage/online-store/scylla-address.ts'

const WRITERS = 8
const BEFORE_MS = 4000
const AFTER_MS = 12_000
const rowOf = (writer: number, n: number): Row => ({
  space: 'load',
  tenantId: 'demo',
  entity: `viewer-${writer}-${n % 50}`,
  item: `title-${n}`,
  at: 1_700_000_000_000 + n,
  value: { writer, n },
})

/** Writes until told to stop; what was acknowledged, and the longest time between two acknowledgements. */
async function load(
  store: OnlineStore,
  stopped: AbortSignal,
): Promise<{ acknowledged: Row[]; gapMs: number }> {
  const acknowledged: Row[] = []
  let [last, gapMs] = [performance.now(), 0]
  const write = async (_: unknown, writer: number): Promise<void> => {
    for (let n = 0; !stopped.aborted; n += 4) {
      const rows = [0, 1, 2, 3].map((i) => rowOf(writer, n + i))
      try {
        await store.put(rows)
      } catch {
        // Not acknowledged: may be there or not.
        continue
      }
      acknowledged.push(...rows)
      const now = performance.now()
      gapMs = Math.max(gapMs, now - last)
      last = now
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  return { acknowledged, gapMs }
}

test('one node of three is killed under load: every acknowledged write is there', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'ring-'))
  const ring = await startCassandra({ dir, nodes: 3 })
  after(async () => {
    await ring.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const url = ring.url('ring')
  const store = await openScylla({ url, log: silentLog })
  after(() => store.close())
  assert.equal(await copiesOf(url), 3)

  const stop = new AbortController()
  const loading = load(store, stop.signal)
  await sleep(BEFORE_MS)
  const [, second] = ring.nodes as [CassandraNode, CassandraNode, CassandraNode]
  await second.kill()
  await sleep(AFTER_MS)
  stop.abort()
  const { acknowledged, gapMs } = await loading

  const missing: Row[] = []
  for (let at = 0; at < acknowledged.length; at += 2000) {
    const part = acknowledged.slice(at, at + 2000)
    const found = await store.getMany(part)
    missing.push(...part.filter((row, i) => JSON.stringify(found[i]?.value) !== JSON.stringify(row.value)))
  }
  t.diagnostic(
    `${acknowledged.length} writes acknowledged, longest gap ${Math.round(gapMs)} ms, missing ${missing.length}`,
  )
  assert.ok(acknowledged.length > 1000, `only ${acknowledged.length} writes`)
  assert.deepEqual(missing, [])

  // What newer writes replaced before the loss stays replaced after it.
  const [first] = acknowledged as [Row]
  await store.put([{ ...first, at: first.at - 1, value: 'older' }])
  assert.deepEqual((await store.get(first))?.value, first.value)
})

/** How many copies of each row the keyspace keeps. */
async function copiesOf(url: string): Promise<number> {
  const address = readAddress(url)
  assert.ok(address !== null)
  const client = new cassandra.Client({
    contactPoints: address.contactPoints,
    protocolOptions: { port: address.port },
    localDataCenter: 'datacenter1',
  })
  await client.connect()
  const { rows } = await client.execute(
    `SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '${address.keyspace}'`,
  )
  await client.shutdown()
  const [row] = rows as unknown as [{ replication: Record<string, string> }]
  return Number(row.replication['datacenter1'])
}
