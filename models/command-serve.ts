/** What viewers get: `streamverse promote`, `rollback`. */
import { type ModelCommand, readArguments, SHARED_HELP } from '#models/command-line.ts'

export const promote: ModelCommand = {
  usage: 'promote <version> [--despite "why"]',
  summary: 'put a version before viewers',
  help: `A running platform switches within a second, without a restart. A version with a closed gate is refused.

  --despite why   promote although a gate is closed; the reason is kept with the promotion${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version } = readArguments(args, ports)
    if (version === undefined)
      throw new TypeError('promote takes the version to promote; `models` lists them')
    const model = await ports.registry.promote(tenantId, version, ports.by, values.despite)
    ports.print(values.json === true ? JSON.stringify(model) : `Viewers get ${model.id} now.`)
    return 0
  },
}

export const rollback: ModelCommand = {
  usage: 'rollback',
  summary: 'take the active version back',
  help: `The version before it is active again; before the first one that is popularity.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId } = readArguments(args, ports)
    const model = await ports.registry.rollback(tenantId, ports.by)
    if (values.json === true) ports.print(JSON.stringify(model))
    else
      ports.print(
        model === null ? 'No model is active now: viewers get popularity.' : `Viewers get ${model.id} again.`,
      )
    return 0
  },
}
