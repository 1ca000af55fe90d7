/** What the outside sees of an error: refusals with code and fix, everything else masked and logged. */
import { GraphQLError } from 'graphql'
import { refusals } from '#api/errors.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

/** What PostgreSQL says of text with a character it cannot hold: NUL. */
const UNSTORABLE = '22021'

function refusalIn(error: unknown): Refusal | null {
  for (
    let at = error, depth = 0;
    at instanceof Error && depth < 5;
    at = (at as GraphQLError).originalError ?? at.cause, depth++
  ) {
    if (at instanceof Refusal) return at
    if ((at as { code?: unknown }).code === UNSTORABLE)
      return new Refusal(refusals.badInput, 'A text holds a NUL character.', { cause: at })
  }
  return null
}

export const createMask =
  (log: Log) =>
  (error: unknown): GraphQLError => {
    const at = error instanceof GraphQLError ? error : undefined
    const place =
      at === undefined ? {} : { ...(at.nodes && { nodes: at.nodes }), ...(at.path && { path: at.path }) }
    const refusal = refusalIn(error)
    if (refusal !== null) {
      const extensions = { code: refusal.code, fix: refusal.fix, status: refusal.status }
      return new GraphQLError(refusal.message, { ...place, extensions })
    }
    if (at !== undefined && at.originalError === undefined) return at
    log.error({ err: at?.originalError ?? error, path: at?.path }, 'a resolver failed')
    return new GraphQLError('Something went wrong on our side.', {
      ...place,
      extensions: {
        code: 'SV_INTERNAL',
        fix: 'Try again; if it stays, tell the operator the time it happened.',
      },
    })
  }
