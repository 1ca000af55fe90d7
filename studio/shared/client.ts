/** The one way to the API: queries and mutations over POST, subscriptions as server-sent events. */
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-sse'

const sse = createClient({ url: '/graphql', credentials: 'same-origin', retryAttempts: 1_000 })

export const createApiClient = (): Client =>
  new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { credentials: 'same-origin' },
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
