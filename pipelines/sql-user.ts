/**
 * The same door on a ClickHouse server: statements that make a user who may read one tenant's rows there, and no more.
 * The user sees views, never a table. Views read as an owner of their own who cannot log in and whom row policies show one
 * tenant, so that a view that was written wrong shows nobody else's rows.
 */
import { createHash, randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import { type SnapshotTable, snapshotTables } from '#pipelines/snapshot-tables.ts'
import { SANDBOX_LIMITS } from '#storage/sandbox/engine-config.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

export type SqlUser = {
  readonly user: string
  /** In clear here alone: the server gets its hash. */
  readonly password: string
  readonly statements: readonly string[]
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const nameOf = (text: string): string => `\`${text.replace(/[\\`]/g, '\\$&')}\``
/** Tables the views read from; all have `tenantId`. */
const SOURCES = [
  ...new Set(
    snapshotTables.map(({ source }) => (/FROM (\w+) WHERE/.exec(source) ?? /^(\w+)/.exec(source))?.[1] ?? ''),
  ),
]

/** To be run by somebody who may make users, in this order; again after an update or for a new password. */
export function sqlUserStatements(options: {
  readonly tenantId: string
  /** Where the platform's tables are. */
  readonly database: string
  readonly password: string
  /** Of the pseudonyms of viewers. */
  readonly salt: string
}): SqlUser {
  const { tenantId, database, password, salt } = options
  const place = nameOf(`sql_${tenantId}`)
  const owner = nameOf(`sql_owner_${tenantId}`)
  const user = `sql_reader_${tenantId}`
  const hash = createHash('sha256').update(password).digest('hex')
  const { seconds, resultRows, resultBytes, memoryBytes, rowsToRead } = SANDBOX_LIMITS
  const limits = {
    max_execution_time: seconds,
    max_result_rows: resultRows,
    max_result_bytes: resultBytes,
    max_memory_usage: memoryBytes,
    max_rows_to_read: rowsToRead,
    readonly: 1,
  }
  const view = ({ name, columns, source }: SnapshotTable): string => {
    const values = columns.map(({ name, value }) =>
      value === name ? name : `${value.replaceAll('{salt:String}', quote(salt))} AS ${name}`,
    )
    const from = source.replaceAll('{tenantId:String}', quote(tenantId))
    const inner = name === 'titles' ? from : `(SELECT * FROM ${from})`
    return sql`CREATE OR REPLACE VIEW ${place}.${name} DEFINER = ${owner} SQL SECURITY DEFINER AS
SELECT ${values.join(', ')} FROM ${inner} AS source`
  }
  return {
    user,
    password,
    statements: [
      `USE ${nameOf(database)}`,
      `CREATE DATABASE IF NOT EXISTS ${place}`,
      `CREATE USER IF NOT EXISTS ${owner} HOST NONE`,
      ...SOURCES.flatMap((table) => [
        `GRANT SELECT ON ${nameOf(database)}.${table} TO ${owner}`,
        // Where a table has policies, whom none of them names may see nothing: the platform goes on seeing all.
        `CREATE ROW POLICY IF NOT EXISTS sql_all ON ${nameOf(database)}.${table} FOR SELECT USING 1 TO ALL`,
        `CREATE ROW POLICY OR REPLACE ${place} ON ${nameOf(database)}.${table} FOR SELECT
USING tenantId = ${quote(tenantId)} AS RESTRICTIVE TO ${owner}`,
      ]),
      ...snapshotTables.map(view),
      `CREATE SETTINGS PROFILE OR REPLACE sql_reader SETTINGS ${Object.entries(limits)
        .map(([name, value]) => `${name} = ${value} CONST`)
        .join(', ')}`,
      `CREATE USER OR REPLACE ${nameOf(user)} IDENTIFIED WITH sha256_hash BY ${quote(hash)}
SETTINGS PROFILE sql_reader`,
      `CREATE QUOTA OR REPLACE ${place} FOR INTERVAL 1 minute MAX queries = 120 TO ${nameOf(user)}`,
      `GRANT SELECT ON ${place}.* TO ${nameOf(user)}`,
    ],
  }
}

export type SqlUserCommandPorts = Shell & { readonly tenantId: string; readonly database: string }

const command: Command<SqlUserCommandPorts> = {
  usage: 'sql-user [--tenant id] [--database name]',
  summary: 'statements for a read-only user of a ClickHouse server',
  help: `Prints what an administrator runs on a ClickHouse server, where the platform's warehouse is one (WAREHOUSE_URL): it
makes a user who may read one tenant's views, events and titles there, live and not as a snapshot, and nothing else.
Nothing is run, and the password, printed as the first line, is kept nowhere: each time there is a new one. ClickHouse 24.8
or later; on a cluster add ON CLUSTER to each statement, and run the row policies for the tables \`*_local\` too.

  --tenant <id>      whose rows; the platform's own tenant without it
  --database <name>  where the platform's tables are (default: that of WAREHOUSE_URL, else streamverse)`,
  run: async (args, { print, tenantId, database }) => {
    const { values } = parseArgs({
      args: [...args],
      options: { tenant: { type: 'string' }, database: { type: 'string' } },
    })
    const made = sqlUserStatements({
      tenantId: values.tenant ?? tenantId,
      database: values.database ?? database,
      password: randomBytes(24).toString('base64url'),
      salt: randomBytes(24).toString('base64url'),
    })
    print(`-- ${made.user} ${made.password}`)
    for (const statement of made.statements) print(`${statement};`)
    return 0
  },
}

export const sqlUserCommands: Commands<SqlUserCommandPorts> = { 'sql-user': command }
