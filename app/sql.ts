/** The SQL endpoint of a running platform: keys from the records, snapshots of the warehouse, a port of its own. */
import path from 'node:path'
import { leaveAddress, removeAddress } from '#app/address.ts'
import type { Config } from '#app/config.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { openAudit, openSqlKeys, openWorkbench } from '#domains/workbench/index.ts'
import { openSandboxes } from '#pipelines/sandboxes.ts'
import type { Records } from '#storage/records/records.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export async function openSql(parts: {
  readonly config: Pick<Config, 'dataDir' | 'sqlPort'>
  readonly warehouse: Warehouse
  readonly records: Records
  readonly clock: Clock
  readonly log: Log
}): Promise<{ close(): Promise<void> }> {
  const { config, warehouse, records, clock, log } = parts
  const { dataDir } = config
  const keys = await openSqlKeys({ records, clock })
  const sandboxes = openSandboxes({ warehouse, dir: path.join(dataDir, 'sql'), clock, log })
  removeAddress(dataDir, 'sql-address')
  const workbench = await openWorkbench({
    keys,
    ask: sandboxes.ask,
    refresh: sandboxes.refresh,
    audit: openAudit(path.join(dataDir, 'sql-audit.jsonl')),
    clock,
    log,
    port: config.sqlPort,
    onUrl: (url) =>
      url === null ? removeAddress(dataDir, 'sql-address') : leaveAddress(dataDir, url, 'sql-address'),
  })
  return {
    close: async () => {
      await workbench.close()
      await sandboxes.close()
    },
  }
}
