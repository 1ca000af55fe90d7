/**
 * Writes deploy/clickhouse-cluster.sql and deploy/scylla.cql from the definitions the platform itself makes its tables of.
 * Run by `npm run contract`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ensureViewTables } from '#pipelines/views-table.ts'
import { ROWS_TABLE } from '#storage/online-store/scylla-table.ts'
import { onCluster } from '#storage/warehouse/cluster.ts'
import { ensureStreamTables } from '#storage/warehouse/ddl.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const ROOT = path.join(import.meta.dirname, '..')
const DATABASE = 'streamverse'

/** Every CREATE TABLE the platform says when it starts, in its order. */
export async function createStatements(): Promise<string[]> {
  const said: string[] = []
  const listening: Pick<Warehouse, 'command' | 'query'> = {
    command: async ({ sql }) => void said.push(sql),
    query: async () => [],
  }
  await ensureStreamTables(listening as Warehouse)
  await ensureViewTables(listening as Warehouse)
  return said.filter((sql) => /^\s*CREATE TABLE/.test(sql))
}

export async function renderClickHouse(): Promise<string> {
  const tables = (await createStatements())
    .map((sql) => onCluster(sql, DATABASE))
    .filter((one) => one !== null)
  const statements = [
    `CREATE DATABASE IF NOT EXISTS ${DATABASE} ON CLUSTER '{cluster}'`,
    ...tables.flatMap((table) => table.statements),
  ]
  return `-- The warehouse's tables on a ClickHouse cluster. Written by npm run contract from the definitions in events/ and
-- pipelines/; run it once, and again with a new version: it only adds what is not there. Every server needs the macros
-- cluster, shard and replica, and a Keeper. See docs/operating.md.

${statements.map((one) => `${one};\n`).join('\n')}`
}

export const renderScylla =
  (): string => `-- The online store's table on ScyllaDB or Apache Cassandra. Written by npm run contract. Name your data centres here
-- before you run it; without it the platform makes the same by itself, with three copies in the one it connects to.

CREATE KEYSPACE IF NOT EXISTS ${DATABASE}
WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3};

USE ${DATABASE};

${ROWS_TABLE};
`

if (process.argv[1] === import.meta.filename) {
  mkdirSync(path.join(ROOT, 'deploy'), { recursive: true })
  writeFileSync(path.join(ROOT, 'deploy/clickhouse-cluster.sql'), await renderClickHouse())
  writeFileSync(path.join(ROOT, 'deploy/scylla.cql'), renderScylla())
}
