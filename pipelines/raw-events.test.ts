import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rawEvents } from '#pipelines/raw-events.ts'

const textOf = (bytes: readonly Uint8Array[] | null): string[] | undefined =>
  bytes?.map((one) => Buffer.from(one).toString())

test('finds each event as it was written, whatever it holds and wherever the array stands', () => {
  const indent = fc.constantFrom(undefined, 1, '\t')
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
      indent,
      (events, more, space) => {
        const { events: _, ...rest } = more
        for (const batch of [
          { ...rest, events },
          { events, ...rest },
        ]) {
          const found = rawEvents(Buffer.from(JSON.stringify(batch, null, space)), events.length)
          if (events.length === 0) assert.deepEqual(found, [])
          else
            assert.deepEqual(
              textOf(found)?.map((text) => JSON.parse(text)),
              JSON.parse(JSON.stringify(events)),
            )
        }
      },
    ),
  )
})

test('keeps spelling, escapes and bytes that are no text', () => {
  const bytes = Buffer.from(
    '{"common":{"events":[9]},"events" : [ {"a":1.0e2,"b":"\\u0041\\\\"} ,\n[1,[2]], "x\xff,]" ]}',
    'latin1',
  )
  const found = rawEvents(bytes, 3)
  assert.deepEqual(
    found?.map((one) => Buffer.from(one).toString('latin1')),
    ['{"a":1.0e2,"b":"\\u0041\\\\"}', '[1,[2]]', '"x\xff,]"'],
  )
})

test('of two arrays of the name the last one counts, and one spelled otherwise is not found', () => {
  assert.deepEqual(textOf(rawEvents(Buffer.from('{"events":[1],"events":[2,3]}'), 2)), ['2', '3'])
  assert.equal(rawEvents(Buffer.from('{"\\u0065vents":[1]}'), 1), null)
})
