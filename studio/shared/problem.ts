/** What to tell people of a request that failed: the platform's own words and what to do, or that it did not answer. */
import type { CombinedError } from 'urql'

export function problemOf({ graphQLErrors: [refusal] }: CombinedError): string {
  if (refusal === undefined) return 'The platform did not answer. Check the connection and try again.'
  const fix = refusal.extensions['fix']
  return typeof fix === 'string' ? `${refusal.message} ${fix}` : refusal.message
}
