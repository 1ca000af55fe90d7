/**
 * The command line of the data scientist. Each command prints for people, or one JSON document with --json, and
 * resolves to an exit code.
 */
import type { Commands } from '#base/command.ts'
import type { ModelCommandPorts } from '#models/command-line.ts'
import { compare, evaluate, models } from '#models/command-look.ts'
import { canary, promote, rollback } from '#models/command-serve.ts'
import { train } from '#models/command-train.ts'

export const modelCommands: Commands<ModelCommandPorts> = {
  train,
  evaluate,
  compare,
  promote,
  canary,
  rollback,
  models,
}
