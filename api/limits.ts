/** Limits on what a document may ask: size, depth, aliases. Refusals are coded and come back as 400. */
import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '#api/context.ts'
import { refusals } from '#api/errors.ts'

const DEPTH = 12
const ALIASES = 30
const TOKENS = 2000
const DIRECTIVES = 20

export const limitsPlugin = (): Plugin<Context> =>
  EnvelopArmorPlugin({
    maxDepth: { n: DEPTH, ignoreIntrospection: false, exposeLimits: true },
    maxAliases: { n: ALIASES },
    maxTokens: { n: TOKENS },
    maxDirectives: { n: DIRECTIVES },
    // It does not see `first` in variables: api/cost.ts counts instead.
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: true },
  }) as unknown as Plugin<Context>

const isLimit = (message: string): boolean => /limit of|Query Cost|Syntax Error: .*limit/i.test(message)

/** Gives refusals of parsing and validation their status and code: 400 instead of 200. */
export const refusalStatusPlugin = (): Plugin<Context> => ({
  onResultProcess({ result, setResult }) {
    if (Symbol.asyncIterator in (result as object) || Array.isArray(result)) return
    const { errors, data } = result as { errors?: readonly GraphQLError[]; data?: unknown }
    if (errors === undefined || data !== undefined) return
    setResult({
      errors: errors.map((error) => {
        const http = error.extensions['http'] as { spec?: boolean } | undefined
        if (http !== undefined && http.spec !== true) return error
        const known = error.extensions['code']
        const coded = isLimit(error.message)
          ? { code: refusals.tooCostly.code, fix: refusals.tooCostly.fix }
          : { code: typeof known === 'string' && known.startsWith('SV_') ? known : refusals.badInput.code }
        return new GraphQLError(error.message, {
          ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
          extensions: { ...error.extensions, ...coded, http: { status: 400 } },
        })
      }),
    } as never)
  },
})
