/** What the online store refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  unavailable: {
    code: 'SV_ONLINE_UNAVAILABLE',
    status: 503,
    fix: 'Try again in a moment; see that enough nodes of the online store are up and ONLINE_URL leads to them.',
  },
  refused: {
    code: 'SV_ONLINE_REFUSED',
    status: 500,
    fix: 'Write ONLINE_URL as cassandra://user:password@host:9042/keyspace, and check user and password.',
  },
})
