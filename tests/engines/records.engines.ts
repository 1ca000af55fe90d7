/** Records on a PostgreSQL somebody else keeps: what every driver does, over TCP with a password. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { startPostgres } from '#scripts/engines/postgres.ts'
import { openPostgresUrl } from '#storage/records/postgres.ts'
import { recordsSuite } from '#storage/records/records.suite.ts'

const server = await startPostgres()
after(() => server.close())

recordsSuite(server.version.split(' ').slice(0, 2).join(' '), async () =>
  openPostgresUrl({ url: await server.url('suite'), log: silentLog }),
)

test('PostgreSQL by URL: a wrong password is refused, saying what to do', async () => {
  const wrong = (await server.url('guarded')).replace(/:[^:@/]+@/, ':guess@')
  await assert.rejects(openPostgresUrl({ url: wrong, log: silentLog }), { code: 'SV_RECORDS_UNAVAILABLE' })
})
