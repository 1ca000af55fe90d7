import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EventDefinition } from '#events/define.ts'
import { renderEvents } from '#events/page.ts'
import { breaksOf, type Contract, type FieldPrint, printContract } from '#events/print.ts'
import { events, problemWith } from '#events/registry.ts'

const committed = JSON.parse(readFileSync('events/contract.json', 'utf8')) as Contract

test('the contract only grows', () => {
  const breaks = breaksOf(committed, printContract())
  assert.deepEqual(
    breaks,
    [],
    'This change would turn away or misread events that were sent or stored before. Give the type a new version ' +
      `beside the old one instead, or make the new field optional:\n  ${breaks.join('\n  ')}`,
  )
})

test('events/contract.json and docs/events.md are of this contract', () => {
  const now = printContract()
  assert.deepEqual(committed, now, 'The contract grew: run `npm run contract` and commit what it writes.')
  assert.equal(readFileSync('docs/events.md', 'utf8'), renderEvents(now), 'Run `npm run contract`.')
})

type Fields = Record<string, FieldPrint>
const withField = (change: (fields: Fields) => void): readonly string[] => {
  const changed = structuredClone(committed)
  change(changed.streams['playback.events.v1']?.fields as Fields)
  return breaksOf(committed, changed)
}
const field = (more: Partial<FieldPrint>): FieldPrint => ({
  column: 'String',
  required: true,
  description: '',
  ...more,
})

test('a change that breaks senders or readers is told from one that does not', () => {
  const breaking: [RegExp, (fields: Fields) => void][] = [
    [/sid was removed/, (fields) => delete fields['sid']],
    [/seq changed from UInt32 to String/, (fields) => (fields['seq'] = field({}))],
    [
      /bufferMs was optional/,
      (fields) => (fields['bufferMs'] = { ...(fields['bufferMs'] as FieldPrint), required: true }),
    ],
    [
      /state lost the word quit/,
      (fields) => (fields['state'] = { ...(fields['state'] as FieldPrint), words: ['playing'] }),
    ],
    [/mood is new and required/, (fields) => (fields['mood'] = field({}))],
    [
      /sid has a tighter maxLength/,
      (fields) => (fields['sid'] = field({ bounds: { maxLength: 10, minLength: 1 } })),
    ],
    [/playerName became a closed list/, (fields) => (fields['playerName'] = field({ words: ['ours'] }))],
  ]
  for (const [said, change] of breaking) assert.match(withField(change).join('\n'), said)
  assert.deepEqual(
    withField((fields) => (fields['mood'] = field({ required: false }))),
    [],
  )
  assert.deepEqual(
    withField((fields) => {
      const { words = [], ...state } = fields['state'] as FieldPrint
      fields['state'] = { ...state, words: [...words, 'buffering'] }
    }),
    [],
  )
})

/** Values a field takes, from its print alone. */
function valueOf({ column, words, bounds = {} }: FieldPrint): fc.Arbitrary<unknown> {
  if (words !== undefined) return fc.constantFrom(...words)
  if (column.startsWith('Array(')) {
    const item: fc.Arbitrary<unknown> = /UInt|Float/.test(column)
      ? fc.integer({ min: 0, max: 100 })
      : fc.string({ minLength: 1, maxLength: 20 })
    return fc.array<unknown>(item, { maxLength: 4 })
  }
  if (column.includes('String')) {
    const { minLength = 0, maxLength = 80 } = bounds
    return fc.string({ minLength, maxLength: Math.min(maxLength, 200) })
  }
  if (column.includes('Bool')) return fc.boolean()
  const { minimum = 0, maximum = 1000 } = bounds
  if (column.includes('Float')) return fc.double({ min: minimum, max: maximum, noNaN: true })
  return fc.integer({ min: minimum, max: maximum })
}

const prints = printContract()
const fieldsOf = ({ stream, type, version }: EventDefinition): Fields => {
  const printed = prints.streams[stream.name]
  return { ...prints.envelope, ...printed?.fields, ...printed?.events[`${type}@${version}`]?.fields }
}

function eventOf(definition: EventDefinition): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fieldsOf(definition)).map(([name, printed]) => {
    const value = valueOf(printed)
    return [name, printed.required ? value : fc.option(value, { nil: null })] as const
  })
  return fc.record(Object.fromEntries(entries))
}

const DAMAGES = ['left out', 'null', 'an object', 'NaN', 'a function'] as const
function damage(event: Record<string, unknown>, name: string, kind: (typeof DAMAGES)[number]) {
  const { [name]: _, ...rest } = event
  if (kind === 'left out') return rest
  const wrong = { null: null, 'an object': {}, NaN: Number.NaN, 'a function': () => {} }[kind]
  return { ...event, [name]: wrong }
}

for (const definition of events) {
  test(`a whole ${definition.type} is valid, damaged in any one field it is not`, () => {
    const printed = fieldsOf(definition)
    const some = fc.tuple(
      eventOf(definition),
      fc.constantFrom(...Object.keys(printed)),
      fc.constantFrom(...DAMAGES),
    )
    fc.assert(
      fc.property(some, ([event, name, kind]) => {
        assert.equal(problemWith(definition, event), null)
        const mayBeEmpty = printed[name]?.required === false && (kind === 'left out' || kind === 'null')
        const problem = problemWith(definition, damage(event, name, kind))
        assert.equal(problem === null, mayBeEmpty, `${name} ${kind}: ${problem}`)
        assert.notEqual(problemWith(definition, { ...event, surprise: 1 }), null)
      }),
      { seed: 11, numRuns: 60 },
    )
  })
}
