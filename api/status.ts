/** What the platform is doing right now, in words and shares done. */
import type { Builder } from '#api/builder.ts'
import type { ChartDelayRef } from '#api/chart-delay.ts'
import type { StatusRecord } from '#api/ports.ts'
import { subscribe } from '#api/subscribe.ts'

export function defineStatus(builder: Builder, ChartDelay: ChartDelayRef) {
  const Work = builder.objectRef<StatusRecord['work'][number]>('Work').implement({
    fields: (t) => ({
      key: t.exposeString('key'),
      name: t.exposeString('name'),
      progress: t.exposeFloat('progress'),
      detail: t.exposeString('detail'),
      failed: t.exposeBoolean('failed'),
    }),
  })
  const Status = builder.objectRef<StatusRecord>('Status').implement({
    fields: (t) => ({
      ready: t.exposeBoolean('ready'),
      work: t.field({ type: [Work], resolve: (status) => [...status.work] }),
      eventsStored: t.float({
        nullable: true,
        description: 'Events of all tenants; for operators, null for others.',
        resolve: ({ eventsStored }, _, { caller }) =>
          caller.roles.includes('operator') ? eventsStored : null,
      }),
      activeModel: t.exposeString('activeModel'),
      chartDelay: t.field({
        type: ChartDelay,
        nullable: true,
        description: 'For operators, null for others.',
        resolve: (_, __, { ports, caller }) =>
          caller.roles.includes('operator') ? ports.chartDelay() : null,
      }),
    }),
  })
  builder.queryFields((t) => ({
    status: t.field({
      type: Status,
      description: 'What the platform is doing right now: seeding, first training, clips being made.',
      resolve: (_, __, { ports, caller }) => ports.status(caller.tenantId),
    }),
  }))
  builder.subscriptionFields((t) => ({
    status: t.field({
      type: Status,
      subscribe: (_, __, { ports, caller }) =>
        subscribe({
          listen: ports.onStatus as never,
          read: () => ports.status(caller.tenantId),
          paceMs: 500,
          everyMs: 5000,
        }),
      resolve: (status) => status as StatusRecord,
    }),
  }))
}
