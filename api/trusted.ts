/**
 * Trusted documents: queries our own clients were built with, known by their SHA-256, compiled once.
 * Only these are compiled; documents from outside always go through the interpreter and its limits.
 */
import { createHash } from 'node:crypto'
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, Kind, parse, validate } from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import type { Context } from '#api/context.ts'
import { assert } from '#base/assert.ts'

export const documentHash = (text: string): string => createHash('sha256').update(text).digest('hex')

type Run = (context: Context, variables: Record<string, unknown>) => Promise<ExecutionResult>
export type TrustedDocuments = {
  /** Null when the hash is not of a trusted document. */
  find(hash: string): { readonly run: Run; readonly mutation: boolean } | null
}

const operationOf = (document: DocumentNode): string =>
  document.definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? [one.operation] : []))[0] ??
  ''

/** Compiles on first use, so that start-up pays nothing. */
export function createTrustedDocuments(schema: GraphQLSchema, texts: readonly string[]): TrustedDocuments {
  const byHash = new Map(texts.map((text) => [documentHash(text), text]))
  const compiled = new Map<string, { run: Run; mutation: boolean }>()
  const compile = (text: string): { run: Run; mutation: boolean } => {
    const document = parse(text)
    const problems = validate(schema, document)
    assert(problems.length === 0, `a trusted document does not fit the schema: ${problems[0]?.message ?? ''}`)
    const query = compileQuery(schema, document)
    assert(isCompiledQuery(query), 'a trusted document does not compile')
    return {
      run: async (context, variables) => query.query(undefined, context, variables),
      mutation: operationOf(document) === 'mutation',
    }
  }
  return {
    find: (hash) => {
      const text = byHash.get(hash)
      if (text === undefined) return null
      let entry = compiled.get(hash)
      if (entry === undefined) {
        entry = compile(text)
        compiled.set(hash, entry)
      }
      return entry
    },
  }
}
