import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LetterRecord } from '#api/ports.ts'
import { openServer } from '#api/server.fixture.ts'

test('the ledger is for operators, of their own tenant, in bounded ranges', async () => {
  const asked: unknown[][] = []
  const totals = {
    accepted: 3,
    stored: 2,
    duplicate: 1,
    reusedId: 0,
    deadLettered: 0,
    deadLetteredBy: {},
    rows: 2,
    letters: 0,
    lost: 0,
    doubled: 0,
    unexplained: 0,
    unsaid: 0,
    unsure: 0,
    openMinutes: 0,
  }
  const { ask } = await openServer({
    now: () => 7_230_000,
    ledger: async (...of) => {
      asked.push(of)
      return { steps: [{ at: 7_200_000, state: 'balanced', ...totals }], totals, unbalanced: [] }
    },
    repeatedEvents: async () => 4,
  })
  const query = (args = '') =>
    `{ ledger${args} { stepMs repeated totals { accepted } steps { at state counts { stored byReason { count } } } } }`
  const { data } = (await ask(query(), 'eve')).body
  assert.deepEqual(data, {
    ledger: {
      stepMs: 60_000,
      repeated: 4,
      totals: { accepted: 3 },
      steps: [{ at: 7_200_000, state: 'balanced', counts: { stored: 2, byReason: [] } }],
    },
  })
  assert.equal((await ask(query('(hours: 24)'), 'eve')).body.data.ledger.stepMs, 3_600_000)
  assert.deepEqual(asked, [
    ['other', 3_660_000, 7_230_000, 60_000],
    ['other', 7_200_000 - 23 * 3_600_000, 7_230_000, 3_600_000],
  ])
  for (const [args, who, code] of [
    ['', undefined, 'SV_NOT_SIGNED_IN'],
    ['', 'ana', 'SV_NOT_ALLOWED'],
    ['(hours: 0)', 'eve', 'SV_BAD_INPUT'],
    ['(hours: 25, step: minute)', 'eve', 'SV_BAD_INPUT'],
  ] as const)
    assert.equal((await ask(query(args), who)).body.errors?.[0]?.extensions.code, code)
})

const letter = (n: number): LetterRecord => ({
  id: `letter-${n}`,
  receivedAt: 1000 - n,
  reason: 'invalid-event',
  detail: 'seq is wrong',
  firstReason: 'invalid-event',
  claimedType: null,
  schema: null,
  stream: null,
  sourceFormat: 'native',
  partition: 0,
  offset: n,
  body: '{}',
  bodyEncoding: 'text',
  bodyBytes: 2,
  isCut: false,
  state: 'waiting',
  replays: 0,
  replayedAt: 0,
})

test('dead letters are for operators, of their own tenant: in pages, one by one, and replayed', async () => {
  const asked: unknown[][] = []
  const { ask } = await openServer({
    deadLetters: async (...of) => {
      asked.push(of)
      return { letters: [letter(1), letter(2)], hasNextPage: true }
    },
    countDeadLetters: async (_, filter) => {
      assert.deepEqual(filter, { type: 'x', reason: undefined })
      return [{ reason: 'invalid-event', count: 9 }]
    },
    deadLetter: async (tenantId, id) => (tenantId === 'other' && id === 'letter-1' ? letter(1) : null),
    replayDeadLetters: async (_, ids, by) =>
      ids.map((id) => ({ id, outcome: 'failed', reason: 'too-large', detail: `for ${by}` })),
  })
  const list = (args: string) =>
    `{ deadLetters(${args}) { edges { cursor node { id replayedAt } } counts { count } pageInfo { hasNextPage endCursor } } }`
  const { deadLetters } = (await ask(list('first: 2, filter: { type: "x", reason: "invalid-event" }'), 'eve'))
    .body.data
  assert.deepEqual(deadLetters.counts, [{ count: 9 }])
  assert.deepEqual(deadLetters.edges[0].node, { id: 'letter-1', replayedAt: null })
  const { endCursor } = deadLetters.pageInfo
  await ask(list(`first: 2, after: "${endCursor}", filter: { type: "x" }`), 'eve')
  assert.deepEqual(asked, [
    ['other', { type: 'x', reason: 'invalid-event' }, { first: 2, after: null }],
    ['other', { type: 'x' }, { first: 2, after: { at: 998, id: 'letter-2' } }],
  ])
  assert.deepEqual((await ask('{ deadLetter(id: "letter-1") { body } }', 'eve')).body.data.deadLetter, {
    body: '{}',
  })
  const replay = (args: string) =>
    `mutation { replayDeadLetters${args} { replayed { id outcome reason detail } hasNextPage } }`
  const named = (await ask(replay('(ids: ["letter-7"])'), 'eve')).body.data.replayDeadLetters
  assert.deepEqual(named, {
    replayed: [{ id: 'letter-7', outcome: 'failed', reason: 'too-large', detail: 'for x' }],
    hasNextPage: false,
  })
  const some = (await ask(replay('(first: 2)'), 'eve')).body.data.replayDeadLetters
  assert.deepEqual([some.replayed.length, some.hasNextPage], [2, true])
  assert.deepEqual(asked.at(-1), ['other', { state: 'waiting' }, { first: 2, after: null }])
  for (const query of [list('first: 1'), '{ deadLetter(id: "letter-1") { id } }', replay('(first: 1)')])
    for (const [who, code] of [
      [undefined, 'SV_NOT_SIGNED_IN'],
      ['ana', 'SV_NOT_ALLOWED'],
    ] as const)
      assert.equal((await ask(query, who)).body.errors?.[0]?.extensions.code, code)
})
