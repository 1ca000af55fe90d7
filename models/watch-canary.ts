/** Looks at the canary of a tenant, and takes it back when a guardrail breaks. */

import type { Log } from '#base/log.ts'
import { canaryOutcomes } from '#features/canary-outcomes.ts'
import {
  type Canary,
  describeGuardrail,
  experimentOf,
  type Guardrail,
  judgeGuardrail,
  type Summary,
} from '#models/canary.ts'
import type { LearnPorts } from '#models/learn.ts'

const NOBODY: Summary = { viewers: 0, mean: 0, variance: 0 }
const EVERY_MS = 60_000

/** What the guardrails say now: plays and minutes a viewer since the canary began. */
export async function readGuardrails(
  tenantId: string,
  { modelId, startedAt }: Canary,
  { warehouse }: Pick<LearnPorts, 'warehouse'>,
): Promise<Guardrail[]> {
  const experiment = experimentOf(modelId)
  const arms = await warehouse.query(canaryOutcomes({ tenantId, experiment, since: startedAt }))
  const of = (arm: string, what: 'plays' | 'minutes'): Summary => {
    const row = arms.find((one) => one.arm === arm)
    if (row === undefined) return NOBODY
    return { viewers: row.viewers, mean: row[`${what}Mean`], variance: row[`${what}Variance`] }
  }
  return (['plays', 'minutes'] as const).map((what) =>
    judgeGuardrail({
      name: `${what} a viewer`,
      canary: of('canary', what),
      champion: of('champion', what),
    }),
  )
}

/** Ends the tenant's canary when a guardrail is broken; resolves to that guardrail, null where all is well. */
async function checkCanary(tenantId: string, ports: LearnPorts): Promise<Guardrail | null> {
  const canary = await ports.registry.canary(tenantId)
  if (canary === null) return null
  const broken = (await readGuardrails(tenantId, canary, ports)).find(({ verdict }) => verdict === 'broken')
  if (broken === undefined) return null
  await ports.registry.endCanary(tenantId, canary, `guardrail, ${describeGuardrail(broken)}`)
  return broken
}

/** Looks at the canaries of all tenants once a minute. */
export function watchCanaries(ports: LearnPorts, log: Log): { close(): Promise<void> } {
  let running: Promise<void> | null = null
  const look = async (): Promise<void> => {
    for (const tenantId of await ports.registry.tenantsWithCanary()) {
      try {
        const broken = await checkCanary(tenantId, ports)
        if (broken !== null)
          log.warn({ tenantId, guardrail: describeGuardrail(broken) }, 'a canary was taken back')
      } catch (error) {
        log.error({ err: error, tenantId }, 'a canary was not looked at')
      }
    }
  }
  const timer = setInterval(() => {
    running ??= look()
      .catch((error: unknown) => log.error({ err: error }, 'canaries were not looked at'))
      .finally(() => {
        running = null
      })
  }, EVERY_MS).unref()
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}
