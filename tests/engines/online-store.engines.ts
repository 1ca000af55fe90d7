/** The online store on Apache Cassandra: what every driver does, and what is left after a node was killed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { startCassandra } from '#scripts/engines/cassandra.ts'
import { onlineStoreSuite } from '#storage/online-store/online-store.suite.ts'
import { openScylla } from '#storage/online-store/scylla.ts'
import { readAddress } from '#storage/online-store/scylla-address.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'cassandra-'))
const server = await startCassandra({ dir })
after(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})
let n = 0

onlineStoreSuite('Cassandra', () => openScylla({ url: server.url(`suite_${n++}`), log: silentLog }))

test('Cassandra: the data centre is found when the URL does not name it', async () => {
  const url = server.url('found').replace(/\?dc=.*$/, '')
  const store = await openScylla({ url: url.replace('cassandra:', 'scylla:'), log: silentLog })
  const row = { space: 's', tenantId: 't', entity: 'e', item: '', at: 1, value: 1 }
  await store.put([row])
  assert.deepEqual(await store.get(row), row)
  await store.close()
})

test('Cassandra: a cluster that is not there is refused, saying what to do', async () => {
  await assert.rejects(openScylla({ url: 'cassandra://127.0.0.1:1/ks?dc=datacenter1', log: silentLog }), {
    code: 'SV_ONLINE_UNAVAILABLE',
  })
})

test('Cassandra: an address names hosts, port, keyspace and who asks', () => {
  assert.deepEqual(readAddress('scylla://u:p%40@one,two:9043/keys?dc=here&tls=true'), {
    contactPoints: ['one', 'two'],
    port: 9043,
    keyspace: 'keys',
    dc: 'here',
    tls: true,
    credentials: { user: 'u', password: 'p@' },
  })
  assert.equal(readAddress('cassandra://host/'), null)
  assert.equal(readAddress("cassandra://host/ks';--"), null)
})
