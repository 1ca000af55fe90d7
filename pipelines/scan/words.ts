/** The scanner's words as text, and whether a field may hold them: worked out once a word, not once an event. */
import type { Field } from '#pipelines/event-shape.ts'

export type Words = {
  /** By the number the scanner gave the word. */
  textOf(word: number): string
  /** Whether the field may hold each of its first `count` values that are words. */
  areRight(
    field: Field,
    column: { readonly states: Uint8Array; readonly values: Float64Array },
    count: number,
  ): boolean
  forget(): void
}

const SAID = 1
const RIGHT = 1
const WRONG = 2
const MAX_WORDS = 4096
const ENTRY_BYTES = 8

/** `table`: where the scanner keeps address and length of each word. */
export function createWords(bytes: Buffer, view: DataView, table: number): Words {
  let texts: string[] = []
  let verdicts = new Map<Field['schema'], Uint8Array>()
  const textOf = (word: number): string => {
    const known = texts[word]
    if (known !== undefined) return known
    const address = view.getUint32(table + word * ENTRY_BYTES, true)
    const size = view.getUint32(table + word * ENTRY_BYTES + 4, true)
    const text = bytes.toString('latin1', address, address + size)
    texts[word] = text
    return text
  }
  const verdictsOn = ({ schema }: Field): Uint8Array => {
    let known = verdicts.get(schema)
    if (known === undefined) verdicts.set(schema, (known = new Uint8Array(MAX_WORDS)))
    return known
  }
  return {
    textOf,
    areRight: (field, { states, values }, count) => {
      const known = verdictsOn(field)
      for (let i = 0; i < count; i++) {
        if (states[i] !== SAID) continue
        const word = values[i] as number
        if (known[word] === RIGHT) continue
        if (known[word] === 0) known[word] = field.check.Check(textOf(word)) ? RIGHT : WRONG
        if (known[word] === WRONG) return false
      }
      return true
    },
    forget: () => {
      texts = []
      verdicts = new Map()
    },
  }
}
