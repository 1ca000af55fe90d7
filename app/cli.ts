#!/usr/bin/env node
/** The command line: works beside a running platform, or opens the stores itself when none is running. */
import { readConfig } from '#app/config.ts'
import { ConfigError } from '#app/errors.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { modelCommands } from '#models/commands.ts'
import { openRegistry } from '#models/registry.ts'
import { openStorage } from '#storage/open.ts'

const HELP = `StreamVerse, the command line. A running platform need not be stopped for it.

${Object.values(modelCommands)
  .map((command) => `  streamverse ${command.usage.padEnd(62)} ${command.summary}`)
  .join('\n')}

  --data-dir <folder>   the platform's data (default: DATA_DIR, else ./data)
  --help                after a command: what it does`

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  const command = name === undefined ? undefined : modelCommands[name]
  if (command === undefined) {
    console.log(HELP)
    return name === undefined || name === '--help' || name === 'help' ? 0 : 2
  }
  if (rest.includes('--help')) {
    console.log(`streamverse ${command.usage}\n\n${command.help}`)
    return 0
  }
  const { dataDir, own } = takeDataDir(rest)
  const config = readConfig(process.env, dataDir)
  const storage = await openStorage({
    dataDir: config.dataDir,
    urls: config.urls,
    clock: systemClock,
    log: silentLog,
    role: 'guest',
  })
  try {
    const { records, media, warehouse } = storage
    const registry = await openRegistry({ records, media, clock: systemClock })
    try {
      return await command.run(own, {
        registry,
        warehouse,
        tenantId: DEMO_TENANT,
        by: process.env['USER'] ?? 'command line',
        print: (line) => console.log(line),
      })
    } finally {
      await registry.close()
    }
  } finally {
    await storage.close()
  }
}

/** Splits `--data-dir X` from the command's own arguments. */
function takeDataDir(args: readonly string[]): { dataDir: string[]; own: string[] } {
  const at = args.indexOf('--data-dir')
  if (at < 0) return { dataDir: [], own: [...args] }
  return { dataDir: args.slice(at, at + 2), own: [...args.slice(0, at), ...args.slice(at + 2)] }
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (error instanceof Refusal) console.error(`${error.message} ${error.fix} (${error.code})`)
  else if (error instanceof TypeError || error instanceof ConfigError) console.error(error.message)
  else console.error(error)
  process.exitCode = 1
}
