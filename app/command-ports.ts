/** What commands work on, each opened when first asked for and closed at the end, in reverse order of opening. */

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { readAddress } from '#app/address.ts'
import { readConfig } from '#app/config.ts'
import { refusals } from '#app/errors.ts'
import { openLetterHouse } from '#app/letter-house.ts'
import { createRemoteReplay } from '#app/remote-replay.ts'
import { replayStores } from '#app/replay-house.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import { systemClock } from '#base/clock.ts'
import { createClosing } from '#base/closing.ts'
import type { Shell } from '#base/command.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { openIdentity, readSecret } from '#domains/identity/index.ts'
import { openTenancy } from '#domains/tenancy/index.ts'
import { type KeyCommandPorts, openSqlKeys } from '#domains/workbench/index.ts'
import type { ImportCommandPorts } from '#features/import/commands.ts'
import { openDraft } from '#features/import/draft.ts'
import { createImports, type Imports } from '#features/import/imports.ts'
import type { FeatureCommandPorts } from '#features/ports.ts'
import { createAnalytics } from '#metrics/analytics.ts'
import type { ReportCommandPorts } from '#metrics/report-command.ts'
import type { ModelCommandPorts } from '#models/command-line.ts'
import { openRegistry } from '#models/registry.ts'
import { openKnownAt } from '#pipelines/known-at.ts'
import type { LetterCommandPorts } from '#pipelines/letter-commands.ts'
import { createLetterReader, type Letters } from '#pipelines/letters.ts'
import type { ReplayCommandPorts } from '#pipelines/replay-command.ts'
import { openSandboxes } from '#pipelines/sandboxes.ts'
import type { SqlCommandPorts } from '#pipelines/sql-command.ts'
import type { SqlUserCommandPorts } from '#pipelines/sql-user.ts'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { openStorage, type Storage } from '#storage/open.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type CommandPorts = {
  /** The stores: beside a running platform without its event log, else as their only user. */
  storage(): Promise<Storage>
  imports(): Promise<ImportCommandPorts>
  models(): Promise<ModelCommandPorts>
  letters(): Promise<LetterCommandPorts>
  replay(): Promise<ReplayCommandPorts>
  report(): Promise<ReportCommandPorts>
  features(): Promise<FeatureCommandPorts>
  sql(): Promise<SqlCommandPorts>
  keys(): Promise<KeyCommandPorts>
  serverUser(): Promise<SqlUserCommandPorts>
  close(): Promise<void>
}

/** `flags` are those of the configuration, such as `--data-dir X`. */
export function createCommandPorts(
  shell: Shell,
  environment: NodeJS.ProcessEnv,
  flags: readonly string[],
): CommandPorts {
  const closing = createClosing((name, error) => console.error(`${name} could not be closed:`, error))
  /** Opens once, whoever asks how often. */
  const lazy = <T extends { close(): Promise<void> }>(name: string, open: () => Promise<T>) => {
    let opening: Promise<T> | undefined
    return (): Promise<T> => {
      opening ??= open().then((opened) => {
        closing.add(name, () => opened.close())
        return opened
      })
      return opening
    }
  }
  const config = readConfig(environment, flags)
  const clock = systemClock
  const storage = lazy('storage', () => openStorage({ ...config, clock, log: silentLog, role: 'guest' }))
  const registry = lazy('registry', async () => openRegistry({ ...(await storage()), clock }))
  const identity = async () =>
    openIdentity({
      records: (await storage()).records,
      clock,
      secret: readSecret(path.join(config.dataDir, 'secret')),
    })
  const importsFolder = path.join(config.dataDir, 'imports')
  /** An engine of the import's own: a large file keeps nobody waiting, and it is read here wherever the warehouse is. */
  const engine = lazy('engine of imports', async () => {
    const dir = await openDraft(importsFolder)
    const opened = await openChdb({ dir, log: silentLog })
    const close = async (): Promise<void> => {
      await opened.close()
      await rm(dir, { recursive: true, force: true })
    }
    return { ...opened, close }
  })
  const imports = async (): Promise<Imports> => {
    const { viewerKey, people } = await identity()
    const children = async (tenantId: string): Promise<string[]> =>
      (await people(tenantId)).filter(({ kids }) => kids).map(({ id }) => id)
    return createImports({ folder: importsFolder, engine, viewerKey, children, clock })
  }
  const letterHouse = lazy('letters', async () => {
    const { warehouse, eventLog } = await storage()
    await ensureStreamTables(warehouse)
    return openLetterHouse({ warehouse, eventLog, readGrant: (await identity()).readGrant, clock })
  })
  /** A running platform does the replaying; without one this process is the only writer of the log. */
  const letters = async (): Promise<Letters> => {
    const { attached, warehouse } = await storage()
    if (!attached) return (await letterHouse()).letters
    const url = readAddress(config.dataDir)
    if (url === null)
      throw new Refusal(refusals.notAnswering, 'The platform there is just starting or stopping.')
    return {
      ...createLetterReader(warehouse),
      replay: createRemoteReplay(url, (await identity()).issueLocalSession),
    }
  }
  const knownAt = async <T>(tenantId: string, at: number, ask: (known: Warehouse) => Promise<T>) => {
    const { warehouse } = await storage()
    const known = await openKnownAt({ warehouse, tenantId, at, copies: false })
    try {
      return await ask(known.warehouse)
    } finally {
      await known.close()
    }
  }
  const checkTenant = async (tenantId: string): Promise<void> => {
    const tenancy = await openTenancy({ records: (await storage()).records, clock })
    await tenancy.writeKeyOf(tenantId)
  }
  const sandboxes = lazy('sandboxes', async () => {
    const { warehouse } = await storage()
    await ensureStreamTables(warehouse)
    await ensureViewTables(warehouse)
    const dir = mkdtempSync(path.join(tmpdir(), 'streamverse-sql-'))
    return openSandboxes({ warehouse, dir, clock, log: silentLog })
  })
  return {
    storage,
    sql: async () => ({
      ...shell,
      tenantId: DEMO_TENANT,
      ask: async (...question) => buffer((await (await sandboxes()).ask(...question)).body),
      checkTenant,
    }),
    serverUser: async () => ({
      ...shell,
      tenantId: DEMO_TENANT,
      database: databaseOf(config.urls.warehouse),
    }),
    keys: async () => ({
      ...shell,
      tenantId: DEMO_TENANT,
      keys: await openSqlKeys({ records: (await storage()).records, clock }),
      checkTenant,
      url: readAddress(config.dataDir, 'sql-address') ?? `http://127.0.0.1:${config.sqlPort}`,
    }),
    letters: async () => ({ ...shell, tenantId: DEMO_TENANT, ...(await letters()) }),
    replay: async () => ({
      ...shell,
      replay: async (onProgress) => replayStores(await storage(), { clock, log: silentLog }, onProgress),
    }),
    report: async () => ({
      ...shell,
      tenantId: DEMO_TENANT,
      analytics: async (tenantId, at, ask) => {
        const of = (read: Warehouse, now: () => number) =>
          ask(createAnalytics({ warehouse: read, clock: { now }, watermarkAt: now }))
        if (at === undefined) return of((await storage()).warehouse, clock.now)
        return knownAt(tenantId, at, (known) => of(known, () => at))
      },
    }),
    imports: async () => ({ ...shell, tenantId: DEMO_TENANT, ...(await imports()) }),
    features: async () => {
      const { warehouse, online } = await storage()
      await ensureStreamTables(warehouse)
      const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
      return { ...shell, tenantId: DEMO_TENANT, now: clock.now, wait, warehouse, online, knownAt }
    },
    models: async () => ({
      ...shell,
      tenantId: DEMO_TENANT,
      imports: await imports(),
      warehouse: (await storage()).warehouse,
      registry: await registry(),
      checkpoints: path.join(config.dataDir, 'trainings'),
    }),
    close: () => closing.close(),
  }
}

const databaseOf = (url: string | undefined): string =>
  (url === undefined ? '' : decodeURIComponent(URL.parse(url)?.pathname.slice(1) ?? '')) || 'streamverse'
