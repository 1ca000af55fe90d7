/**
 * The one way to the API: queries and mutations over POST, those the server was built with by their hash alone;
 * subscriptions as server-sent events.
 */
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-sse'
import hashes from './trusted-hashes.json'

const sse = createClient({ url: '/graphql', credentials: 'same-origin', retryAttempts: 1_000 })

type Asked = { readonly operationName?: string; readonly variables?: object }
const hashOf: Readonly<Record<string, string>> = hashes

/** A server of another version may not know the hash: it is then told the whole document. */
const askByHash: typeof fetch = async (input, init) => {
  const { operationName = '', variables = {} }: Asked =
    typeof init?.body === 'string' ? (JSON.parse(init.body) as Asked) : {}
  const hash = hashOf[operationName]
  if (hash !== undefined) {
    const answer = await fetch(`/graphql/d/${hash}`, { ...init, body: JSON.stringify(variables) })
    if (answer.status !== 404) return answer
  }
  return fetch(input, init)
}

export const createApiClient = (): Client =>
  new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { credentials: 'same-origin' },
    fetch: askByHash,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: sse.subscribe(
              { query: query ?? '', variables: (variables ?? {}) as Record<string, unknown> },
              {
                next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
                error: sink.error.bind(sink),
                complete: sink.complete.bind(sink),
              },
            ),
          }),
        }),
      }),
    ],
  })
