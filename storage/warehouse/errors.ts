/** What the warehouse refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  unavailable: {
    code: 'SV_WAREHOUSE_UNAVAILABLE',
    status: 503,
    fix: 'Try again in a moment: the warehouse is starting or being started again.',
  },
  queryFailed: { code: 'SV_WAREHOUSE_QUERY', status: 500, fix: 'Read the message of the engine in the log.' },
  tooSlow: { code: 'SV_WAREHOUSE_TOO_SLOW', status: 503, fix: 'Ask for a shorter period or fewer titles.' },
})
