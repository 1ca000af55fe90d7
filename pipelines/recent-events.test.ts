import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecentEvents, MET } from '#pipelines/recent-events.ts'

const PRINT = [1]

test('ids of any form are told apart, and met again while a thousand others came between', () => {
  const forms: ((i: number) => string)[] = [
    String,
    (i) => `e${i}`,
    (i) => `1-${i % 5000}-${Math.floor(i / 5000)}`,
    (i) => `0197a0de-7000-7000-8000-${i.toString(16).padStart(12, '0')}`,
  ]
  for (const form of forms) {
    const recent = createRecentEvents(131_072)
    for (let i = 0; i < 200_000; i++) {
      assert.equal(recent.meet('acme', [form(i)], PRINT)[0], MET.new, form(i))
      if (i >= 1000) assert.equal(recent.meet('acme', [form(i - 1000)], PRINT)[0], MET.same, form(i - 1000))
    }
  }
})

test('another payload is told from the same, another tenant from the one that said it, the forgotten are new', () => {
  const recent = createRecentEvents(1024)
  const ids = ['a', 'b']
  assert.deepEqual([...recent.meet('acme', ids, [1, 2])].slice(0, 2), [MET.new, MET.new])
  assert.deepEqual([...recent.meet('acme', ids, [1, 3])].slice(0, 2), [MET.same, MET.other])
  assert.equal(recent.meet('other', ['a'], PRINT)[0], MET.new)
  recent.forget('acme', ['a'])
  assert.equal(recent.meet('acme', ['a'], PRINT)[0], MET.new)
})

test('events that fail again and again push nothing out while there are free places', () => {
  const oneRow = createRecentEvents(8)
  oneRow.meet('acme', ['kept'], PRINT)
  for (let i = 0; i < 50; i++) {
    assert.equal(oneRow.meet('acme', ['failing'], PRINT)[0], MET.new)
    oneRow.forget('acme', ['failing'])
  }
  assert.equal(oneRow.meet('acme', ['kept'], PRINT)[0], MET.same)
})

test('events of before the start are the same with any payload, however many fail meanwhile', () => {
  const recent = createRecentEvents(1024)
  recent.recall('acme', ['a', 'b'])
  for (let i = 0; i < 2000; i++) {
    const failing = [`failing-${i}`]
    recent.meet('acme', failing, PRINT)
    recent.forget('acme', failing)
  }
  assert.equal(recent.meet('acme', ['a'], [7])[0], MET.same)
  assert.equal(recent.meet('acme', ['a'], [8])[0], MET.same)
  assert.equal(recent.meet('acme', ['a'], [0])[0], MET.same)
  assert.equal(recent.meet('other', ['a'], [7])[0], MET.new)
})
