#!/usr/bin/env node
/** The command line: works beside a running platform, or opens the stores itself when none is running. */
import { createCommandPorts } from '#app/command-ports.ts'
import { commands } from '#app/commands.ts'
import { readEnvFile } from '#app/env-file.ts'
import { ConfigError } from '#app/errors.ts'
import { Refusal } from '#base/refusal.ts'

const HELP = `StreamVerse, the command line. A running platform need not be stopped for it.

${Object.values(commands)
  .map(({ usage, summary }) =>
    usage.length > 60
      ? `  streamverse ${usage}\n${' '.repeat(76)} ${summary}`
      : `  streamverse ${usage.padEnd(62)} ${summary}`,
  )
  .join('\n')}

  --data-dir <folder>   the platform's data (default: DATA_DIR, else ./data)
  --help                after a command: what it does`

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name]
  if (command === undefined) {
    if (name !== undefined && !/^(--)?help$/.test(name)) console.error(`There is no command ${name}.\n`)
    console.log(HELP)
    return name === undefined || name === '--help' || name === 'help' ? 0 : 2
  }
  if (rest.includes('--help')) {
    console.log(`streamverse ${command.usage}\n\n${command.help}`)
    return 0
  }
  const { dataDir, own } = takeDataDir(rest)
  const shell = {
    by: process.env['USER'] ?? 'command line',
    print: (line: string) => console.log(line),
  }
  const ports = createCommandPorts(shell, process.env, dataDir)
  try {
    return await command.run(own, ports)
  } finally {
    await ports.close()
  }
}

/** Splits `--data-dir X` from the command's own arguments. */
function takeDataDir(args: readonly string[]): { dataDir: string[]; own: string[] } {
  const at = args.indexOf('--data-dir')
  if (at < 0) return { dataDir: [], own: [...args] }
  return { dataDir: args.slice(at, at + 2), own: [...args.slice(0, at), ...args.slice(at + 2)] }
}

try {
  readEnvFile()
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (error instanceof Refusal) console.error(`${error.message} ${error.fix} (${error.code})`)
  else if (error instanceof TypeError || error instanceof ConfigError) console.error(error.message)
  else console.error(error)
  process.exitCode = 1
}
