/** The command line for keys to the SQL endpoint. */
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import type { SqlKey, SqlKeys } from '#domains/workbench/keys.ts'

export type KeyCommandPorts = Shell & {
  /** The tenant when --tenant does not say. */
  readonly tenantId: string
  readonly keys: SqlKeys
  /** Refuses tenants that are not there. */
  readonly checkTenant: (tenantId: string) => Promise<void>
  /** Where the endpoint will listen. */
  readonly url: string
}

const lineOf = ({ id, name, createdAt, createdBy, revokedAt }: SqlKey): string =>
  `${id}  ${new Date(createdAt).toISOString().slice(0, 16)}Z  by ${createdBy.padEnd(12)} ` +
  `${revokedAt === null ? 'good   ' : 'revoked'}  ${name}`

const sqlKey: Command<KeyCommandPorts> = {
  usage: 'sql-key [--name who] [--list] [--revoke id]',
  summary: 'make, list or revoke keys to the SQL endpoint',
  help: `Makes a key to the read-only SQL endpoint and prints it this once: only its hash is kept. A running platform opens
the endpoint within a few seconds of the first key, on this machine alone (SQL_PORT), and closes it after the last.
A key reads the rows of one tenant, with viewers as pseudonyms, and can do nothing else.

  --name who      who will have it (default: you)
  --list          which keys there are
  --revoke id     one that is good no more, within five seconds
  --tenant <id>   whose rows; the platform's own tenant without it
  --json          one JSON document instead of text`,
  run: async (args, ports) => {
    const { keys, print, by, checkTenant, url } = ports
    const { values } = parseArgs({
      args: [...args],
      options: {
        name: { type: 'string' },
        list: { type: 'boolean' },
        revoke: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const tenantId = values.tenant ?? ports.tenantId
    const json = (value: unknown): void => print(JSON.stringify(value))
    await checkTenant(tenantId)
    if (values.list === true) {
      const list = await keys.list(tenantId)
      if (values.json === true) json(list)
      else if (list.length === 0) print('There are no keys: the SQL endpoint is closed.')
      else for (const key of list) print(lineOf(key))
      return 0
    }
    if (values.revoke !== undefined) {
      const key = await keys.revoke(tenantId, values.revoke)
      if (values.json === true) json(key)
      else print(`Revoked ${key.id} (${key.name}).`)
      return 0
    }
    const made = await keys.make({ tenantId, name: values.name ?? by, by })
    if (values.json === true) json({ ...made, url })
    else {
      print(made.key)
      print(`Keep it: it is not shown again. Id ${made.id}, for the rows of ${tenantId}.`)
      print(`curl -s -H 'Authorization: Bearer ${made.key}' '${url}/sql?format=csv' -d 'SHOW TABLES'`)
    }
    return 0
  },
}

export const keyCommands: Commands<KeyCommandPorts> = { 'sql-key': sqlKey }
