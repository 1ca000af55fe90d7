/** Every command there is: the commands of each folder, on the ports they work on. */
import type { CommandPorts } from '#app/command-ports.ts'
import type { Command, Commands } from '#base/command.ts'
import { keyCommands } from '#domains/workbench/index.ts'
import { importCommands } from '#features/import/commands.ts'
import { featureCommands } from '#features/offline/command.ts'
import { datasetCommands } from '#features/training-set/command.ts'
import { reportCommands } from '#metrics/report-command.ts'
import { modelCommands } from '#models/commands.ts'
import { letterCommands } from '#pipelines/letter-commands.ts'
import { replayCommands } from '#pipelines/replay-command.ts'
import { sqlCommands } from '#pipelines/sql-command.ts'
import { sqlUserCommands } from '#pipelines/sql-user.ts'

/** The same commands, opening what they work on when they run. */
const on = <Ports>(
  open: (ports: CommandPorts) => Promise<Ports>,
  group: Commands<Ports>,
): Commands<CommandPorts> =>
  Object.fromEntries(
    Object.entries(group).map(([name, command]): [string, Command<CommandPorts>] => [
      name,
      { ...command, run: async (args, ports) => command.run(args, await open(ports)) },
    ]),
  )

export const commands: Commands<CommandPorts> = {
  ...on((ports) => ports.imports(), importCommands),
  ...on((ports) => ports.models(), modelCommands),
  ...on((ports) => ports.features(), featureCommands),
  ...on((ports) => ports.features(), datasetCommands),
  ...on((ports) => ports.letters(), letterCommands),
  ...on((ports) => ports.replay(), replayCommands),
  ...on((ports) => ports.report(), reportCommands),
  ...on((ports) => ports.sql(), sqlCommands),
  ...on((ports) => ports.keys(), keyCommands),
  ...on((ports) => ports.serverUser(), sqlUserCommands),
}
