/** What the event log refuses. */
import { defineRefusals, Refusal } from '#base/refusal.ts'
import type { EventRun } from '#events/run.ts'

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

/** Some partitions took their events and others did not: `stored` are durable and must not be appended again. */
export class PartlyStored extends Refusal {
  readonly stored: readonly EventRun[]
  constructor(stored: readonly EventRun[], cause: unknown) {
    const why =
      cause instanceof Refusal && cause.code === refusals.full.code ? refusals.full : refusals.unavailable
    super(why, 'The event log took a part of the events only.', { cause })
    this.stored = stored
  }
}
