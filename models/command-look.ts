/** Looking at versions: `streamverse evaluate`, `compare`, `models`. */
import { writeFile } from 'node:fs/promises'
import {
  describeVersion,
  findVersion,
  type ModelCommand,
  metricLine,
  printEvaluation,
  printGates,
  readArguments,
  SHARED_HELP,
} from '#models/command-line.ts'
import { writeCard } from '#models/report/card.ts'
import { writeReport } from '#models/report/report.ts'
import { evaluateSince } from '#models/since.ts'

export const evaluate: ModelCommand = {
  usage: 'evaluate [version] [--from import] [--html file]',
  summary: 'how a version measures: when trained, and on plays since',
  help: `Shows the evaluation made when the version (the newest without one) was trained, and, when enough viewers have
played since, evaluates it against popularity and EASE on exactly those later plays.

  --from name     look at what was brought along (streamverse import) instead of the plays
  --html file     write it as one page to look at and to pass on${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version, from } = readArguments(args, ports)
    const model = await findVersion(ports.registry, tenantId, version)
    const since = await evaluateSince(model, ports, await from())
    if (values.html !== undefined) await writeFile(values.html, writeReport(model, since))
    if (values.json === true) {
      ports.print(JSON.stringify({ ...model, since }))
      return 0
    }
    ports.print(describeVersion(model))
    ports.print('When trained, on the last part of the time:')
    printEvaluation(model, ports)
    if (since === null) ports.print('Since then too few viewers have played for another look.')
    else {
      ports.print(`On plays since, ${since.judgedViewers} viewers:`)
      printEvaluation(since, ports)
    }
    ports.print(model.protocol)
    if (values.html !== undefined) ports.print(`Written to ${values.html}`)
    return 0
  },
}

export const compare: ModelCommand = {
  usage: 'compare <version> <other version> [--from import]',
  summary: 'two versions on plays that neither has seen',
  help: `Ranks for the same viewers with both versions, on plays after the newer of them was trained, and gives the paired
difference with its interval, popularity and EASE beside it. Exits with 1 when there are too few such plays yet.

  --from name     look at what was brought along (streamverse import) instead of the plays${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, positionals, from } = readArguments(args, ports)
    const [one, other] = positionals
    if (one === undefined || other === undefined)
      throw new TypeError('compare takes two versions; `models` lists them')
    const model = await findVersion(ports.registry, tenantId, one)
    const rival = await findVersion(ports.registry, tenantId, other)
    const since = await evaluateSince(model, ports, { others: [rival], ...(await from()) })
    if (values.json === true) ports.print(JSON.stringify(since))
    else if (since === null) ports.print('Too few viewers have played since both were trained.')
    else {
      ports.print(`${model.id} on plays since both were trained, ${since.judgedViewers} viewers:`)
      printEvaluation(since, ports)
    }
    return since === null ? 1 : 0
  },
}

export const models: ModelCommand = {
  usage: 'models [version] [--card]',
  summary: 'list the versions, or show one',
  help: `Newest first, with state and ndcg@10. With a version: what it came of, how it measured, which gates it passed.

  --card          the version's model card, as Markdown${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version } = readArguments(args, ports)
    if (version !== undefined) {
      const model = await findVersion(ports.registry, tenantId, version)
      if (values.json === true) ports.print(JSON.stringify(model))
      else if (values.card === true) ports.print(writeCard(model))
      else {
        ports.print(describeVersion(model))
        printEvaluation(model, ports)
        printGates(model.gates ?? [], ports)
      }
      return 0
    }
    const list = await ports.registry.list(tenantId)
    if (values.json === true) {
      ports.print(JSON.stringify(list))
      return 0
    }
    if (list.length === 0) ports.print('No model has been trained yet: streamverse train')
    for (const model of list) {
      ports.print(describeVersion(model))
      const [ndcg] = model.metrics
      if (ndcg !== undefined) ports.print(metricLine(ndcg))
    }
    return 0
  },
}
