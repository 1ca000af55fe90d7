/** What every records driver promises, as tests. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Records } from '#storage/records/records.ts'

type Tables = { suiteNotes: { id: number; text: string } }
const steps = [
  { id: 'suite-001', sql: 'CREATE TABLE "suiteNotes" ("id" int PRIMARY KEY, "text" text NOT NULL)' },
  { id: 'suite-002', sql: `INSERT INTO "suiteNotes" VALUES (1, 'first')` },
]
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(25)
  assert.ok(holds(), 'waited 5 s in vain')
}

export function recordsSuite(name: string, open: () => Promise<Records>): void {
  suite(`records: ${name}`, () => {
    let records: Records
    before(async () => {
      records = await open()
    })
    after(() => records.close())
    const notes = () => records.tables<Tables>()

    test('runs each migration once, however often and however many ask', async () => {
      await Promise.all([records.migrate(steps), records.migrate(steps), records.migrate(steps)])
      await records.migrate(steps)
      assert.deepEqual(await notes().selectFrom('suiteNotes').selectAll().execute(), [
        { id: 1, text: 'first' },
      ])
    })

    test('leaves nothing of a migration that fails', async () => {
      const broken = { id: 'suite-003', sql: 'CREATE TABLE "suiteHalf" (); SELECT nonsense' }
      await assert.rejects(records.migrate([broken]))
      const found = await sql<{ at: string | null }>`SELECT to_regclass('"suiteHalf"') AS at`.execute(notes())
      assert.equal(found.rows[0]?.at, null)
    })

    test('takes back a transaction that fails', async () => {
      await assert.rejects(
        notes()
          .transaction()
          .execute(async (trx) => {
            await trx.insertInto('suiteNotes').values({ id: 2, text: 'second' }).execute()
            throw new Error('stop')
          }),
        /stop/,
      )
      assert.equal((await notes().selectFrom('suiteNotes').selectAll().execute()).length, 1)
    })

    test('hears what is notified until it stops listening', async () => {
      const heard: string[] = []
      const stop = await records.listen('suite_channel', (payload) => heard.push(payload))
      await records.notify('suite_channel', 'one')
      await until(() => heard.length === 1)
      await stop()
      await records.notify('suite_channel', 'two')
      await sleep(50)
      assert.deepEqual(heard, ['one'])
    })

    test('hears again after its connection is cut, with an empty payload first', async () => {
      const heard: string[] = []
      const stop = await records.listen('suite_cut', (payload) => heard.push(payload))
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`.execute(notes())
      await until(() => heard.includes(''))
      await records.notify('suite_cut', 'after')
      await until(() => heard.includes('after'))
      await stop()
    })

    test('answers many callers at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) => sql<{ n: number }>`SELECT ${n}::int AS n`.execute(notes())),
      )
      assert.deepEqual(
        answers.map(({ rows }) => rows[0]?.n),
        Array.from({ length: 60 }, (_, n) => n),
      )
    })

    test('a second process connects by its url', () => {
      assert.match(records.url, /^postgres:\/\//)
    })
  })
}
