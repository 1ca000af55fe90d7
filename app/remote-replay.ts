/** Replays dead letters through a running platform: its event log has one writer, so its API is asked. */
import { refusals } from '#app/errors.ts'
import { Refusal } from '#base/refusal.ts'
import type { Letters, Replayed } from '#pipelines/letters.ts'

const MUTATION = `mutation Replay($ids: [ID!]) { replayDeadLetters(ids: $ids) { replayed { id outcome reason detail } } }`
const TIMEOUT_MS = 300_000

type Answer = {
  readonly data?: { readonly replayDeadLetters: { readonly replayed: readonly Replayed[] } }
  readonly errors?: readonly { readonly message: string }[]
}

/** `url` is the platform's address; `sessionOf` gives the cookie of an operator of the tenant. */
export function createRemoteReplay(
  url: string,
  sessionOf: (tenantId: string, by: string) => Promise<string>,
): Letters['replay'] {
  return async (tenantId, ids, by) => {
    const cookie = `sv_session=${await sessionOf(tenantId, by)}`
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ query: MUTATION, variables: { ids } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new Refusal(refusals.notAnswering, `The platform at ${url} does not answer.`, { cause: error })
    })
    const { data, errors } = (await response.json()) as Answer
    if (data === undefined) {
      throw new Refusal(refusals.notAnswering, errors?.[0]?.message ?? `It answered ${response.status}.`)
    }
    return data.replayDeadLetters.replayed
  }
}
