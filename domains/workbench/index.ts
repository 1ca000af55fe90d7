/** The workbench: what other parts may call. */
export { openAudit } from '#domains/workbench/audit.ts'
export { type KeyCommandPorts, keyCommands } from '#domains/workbench/key-commands.ts'
export { openSqlKeys, type SqlKeys } from '#domains/workbench/keys.ts'
export { openWorkbench } from '#domains/workbench/workbench.ts'
