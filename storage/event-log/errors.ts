/** What the event log refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  full: {
    code: 'SV_LOG_FULL',
    status: 503,
    fix: 'Send the same batch again after the time in Retry-After: too much is waiting to be written.',
  },
  unavailable: {
    code: 'SV_LOG_UNAVAILABLE',
    status: 503,
    fix: 'Send the same batch again later; the operator must look at the disk of DATA_DIR.',
  },
})
