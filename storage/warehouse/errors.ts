/** What the warehouse refuses. */
import { defineRefusals } from '#base/refusal.ts'

/** Whether the engine had not the memory for a statement, whichever driver says it: half of it may still go. */
export const wasOverMemory = (error: unknown): boolean =>
  /MEMORY_LIMIT_EXCEEDED|memory limit exceeded/i.test(String(error))

export const refusals = defineRefusals({
  unavailable: {
    code: 'SV_WAREHOUSE_UNAVAILABLE',
    status: 503,
    fix: 'Try again in a moment: the warehouse is starting or being started again.',
  },
  busy: {
    code: 'SV_WAREHOUSE_BUSY',
    status: 503,
    fix: 'Ask again after a moment: more is being asked than can be answered.',
  },
  tooSlow: { code: 'SV_WAREHOUSE_TOO_SLOW', status: 503, fix: 'Ask for a shorter period or fewer titles.' },
  refused: {
    code: 'SV_WAREHOUSE_REFUSED',
    status: 500,
    fix: 'Check user, password and database of WAREHOUSE_URL, and what the user may do there.',
  },
})
