/** The command line that rebuilds the warehouse from the log, or checks that it would come out the same. */
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import type { RebuiltTable, Replay } from '#pipelines/replay.ts'

export type ReplayCommandPorts = Shell & {
  /** Brings the tables that are there up to date, and builds them again beside. */
  replay(onProgress: (table: string, done: number, of: number) => void): Promise<Replay>
}

const TELL_EVERY_MS = 5000

/** A line now and then, so that a long replay is seen to go on. */
function tellProgress(print: (line: string) => void) {
  let toldAt = performance.now()
  return (table: string, done: number, of: number): void => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return
    toldAt = performance.now()
    print(`  ${table}: ${done.toLocaleString('en')} of ${of.toLocaleString('en')}`)
  }
}

function lineOf({ table, rows, kept, difference, compared }: RebuiltTable): string {
  const found = !compared
    ? 'notes of the builder, not compared'
    : difference === null
      ? 'the same, bit for bit'
      : `DIFFERS: ${difference.missing} rows missing, ${difference.extra} too many, such as ${difference.examples.join('; ')}`
  const old = kept === 0 ? '' : ` (${kept.toLocaleString('en')} of them older than the log)`
  return `${table.padEnd(24)} ${rows.toLocaleString('en').padStart(14)} rows${old}  ${found}`
}

const command: Command<ReplayCommandPorts> = {
  usage: 'replay --from 0 [--check]',
  summary: 'builds every table of the warehouse again from the event log',
  help: `Reads the event log from its first event, builds every table again beside those that are there, compares them bit
for bit, and puts the new ones in their place. Rows the log no longer holds (retention, compaction) are kept.
The platform must be stopped; it takes about as much disk again while it runs.

  --from 0        from the first event: tables are built whole
  --check         only compares: exit code 1 when a table differs, and nothing is changed
  --json          one JSON document instead of text`,
  run: async (args, { replay, print }) => {
    const { values } = parseArgs({
      args: [...args],
      options: { from: { type: 'string' }, check: { type: 'boolean' }, json: { type: 'boolean' } },
    })
    if (values.from !== '0') throw new TypeError('replay takes --from 0: tables are built whole')
    const quiet = (): void => undefined
    const { tables, swap, close } = await replay(values.json === true ? quiet : tellProgress(print))
    const differ = tables.filter(({ difference }) => difference !== null).length
    try {
      if (values.check !== true) await swap()
    } finally {
      await close()
    }
    if (values.json === true) print(JSON.stringify({ tables, swapped: values.check !== true }))
    else {
      for (const table of tables) print(lineOf(table))
      if (values.check === true) print(differ === 0 ? 'Nothing differs.' : `${differ} tables differ.`)
      else print(`${tables.length} tables were put in place.`)
    }
    return values.check === true && differ > 0 ? 1 : 0
  },
}

export const replayCommands: Commands<ReplayCommandPorts> = { replay: command }
