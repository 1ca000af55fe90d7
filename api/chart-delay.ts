/** How long it takes until something that happened is in the figures: said beside figures of now, and to operators. */
import type { Builder } from '#api/builder.ts'
import type { ChartDelayRecord } from '#api/ports.ts'

export const defineChartDelay = (builder: Builder) =>
  builder.objectRef<ChartDelayRecord>('ChartDelay').implement({
    description:
      'Over the last five minutes: from the instant an event was received until the view it belongs to could be queried.',
    fields: (t) => ({
      p50Ms: t.exposeFloat('p50Ms', {
        nullable: true,
        description: 'Half of the events took at most this long; null when none came.',
      }),
      p99Ms: t.exposeFloat('p99Ms', { nullable: true, description: 'The same of 99 %.' }),
      oldestWaitingMs: t.exposeFloat('oldestWaitingMs', {
        description: 'Age of the oldest event that waits; 0 when none does. It grows while nothing is built.',
      }),
      events: t.float({
        nullable: true,
        description: 'How many came, of all tenants; for operators, null for others.',
        resolve: ({ events }, _, { caller }) => (caller.roles.includes('operator') ? events : null),
      }),
    }),
  })
export type ChartDelayRef = ReturnType<typeof defineChartDelay>
