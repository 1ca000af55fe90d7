/** What viewers get: `streamverse promote`, `canary`, `rollback`. */
import { describeGuardrail, MAX_SHARE } from '#models/canary.ts'
import { type ModelCommand, readArguments, SHARED_HELP } from '#models/command-line.ts'
import { readGuardrails } from '#models/watch-canary.ts'

export const promote: ModelCommand = {
  usage: 'promote <version> [--share percent] [--despite "why"]',
  summary: 'put a version before viewers',
  help: `A running platform switches within a second, without a restart. A version with a closed gate is refused.

  --share percent a canary: so many percent of the viewers (up to 50) get it, the others go on with what they have;
                  when they surely play or watch less it is taken back by itself. How it goes: streamverse canary
  --despite why   promote although a gate is closed; the reason is kept with the promotion${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version } = readArguments(args, ports)
    if (version === undefined)
      throw new TypeError('promote takes the version to promote; `models` lists them')
    const { registry, by, print } = ports
    const percent = values.share === undefined ? null : Number(values.share)
    if (percent !== null && !(percent > 0 && percent <= 100 * MAX_SHARE))
      throw new TypeError(
        `--share takes a percentage above 0 and up to ${100 * MAX_SHARE}, not ${values.share}`,
      )
    const share = percent === null ? null : percent / 100
    const model =
      share === null
        ? await registry.promote(tenantId, version, by, values.despite)
        : await registry.startCanary(tenantId, version, share, by, values.despite)
    if (values.json === true) print(JSON.stringify(model))
    else
      print(
        share === null
          ? `Viewers get ${model.id} now.`
          : `${values.share} % of the viewers get ${model.id} now.`,
      )
    return 0
  },
}

export const canary: ModelCommand = {
  usage: 'canary',
  summary: 'how the canary is taken by its viewers',
  help: `Plays and minutes a viewer since it began, beside those of the other viewers; the interval may be looked at at any
time. Exits with 1 when no canary runs.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId } = readArguments(args, ports)
    const running = await ports.registry.canary(tenantId)
    const guardrails = running === null ? [] : await readGuardrails(tenantId, running, ports)
    if (values.json === true)
      ports.print(JSON.stringify(running === null ? null : { ...running, guardrails }))
    else if (running === null) ports.print('No canary runs: streamverse promote <version> --share 10')
    else {
      const since = new Date(running.startedAt).toISOString().slice(0, 16)
      ports.print(
        `${Number((running.share * 100).toPrecision(3))} % of the viewers get ${running.modelId} since ${since}Z.`,
      )
      for (const guardrail of guardrails) ports.print(`  ${describeGuardrail(guardrail)}`)
    }
    return running === null ? 1 : 0
  },
}

export const rollback: ModelCommand = {
  usage: 'rollback',
  summary: 'take the canary or the active version back',
  help: `A canary is taken back where one runs. Else the version before the active one is active again; before the first one
that is popularity.${SHARED_HELP}`,
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
