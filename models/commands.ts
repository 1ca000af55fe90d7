/**
 * The command line of the data scientist: train, evaluate, promote, rollback, models. Each prints for people, or one
 * JSON document with --json, and resolves to an exit code.
 */
import { parseArgs } from 'node:util'
import type { Command as AnyCommand, Commands, Shell } from '#base/command.ts'
import type { Evaluation, Metric } from '#models/evaluate/evaluate.ts'
import { evaluateSince, findVersion, type LearnPorts, trainModel } from '#models/learn.ts'
import { ENGINE_CHOICES, type EngineChoice } from '#models/ncf/engine.ts'
import type { TrainingProgress } from '#models/train.ts'
import type { ModelVersion } from '#models/version.ts'

export type ModelCommandPorts = LearnPorts &
  Shell & {
    /** The tenant when --tenant does not say. */
    readonly tenantId: string
  }
type Command = AnyCommand<ModelCommandPorts>

const OPTIONS = {
  json: { type: 'boolean' },
  tenant: { type: 'string' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  epochs: { type: 'string' },
  promote: { type: 'boolean' },
  engine: { type: 'string' },
} as const

function read(args: readonly string[], ports: ModelCommandPorts) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const whole = (name: 'seed' | 'threads' | 'epochs', min: number, max: number): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    const n = Number(text)
    if (!Number.isInteger(n) || n < min || n > max) {
      throw new TypeError(`--${name} takes a whole number from ${min} to ${max}, not ${text}`)
    }
    return n
  }
  return { values, version: positionals[0], tenantId: values.tenant ?? ports.tenantId, whole }
}

const SHARED_HELP = `
  --tenant <id>   whose model; the platform's own tenant without it
  --json          one JSON document instead of text`

const fixed = (n: number | undefined): string => (n === undefined ? '-' : n.toFixed(4))

function metricLine({
  name,
  value,
  low,
  high,
  against,
  difference,
  differenceLow,
  differenceHigh,
}: Metric): string {
  const own = `  ${name.padEnd(12)} ${fixed(value)}  [${fixed(low)}, ${fixed(high)}]`
  if (against === undefined) return own
  const sign = (difference ?? 0) >= 0 ? '+' : ''
  return `${own}   ${sign}${fixed(difference)} [${fixed(differenceLow)}, ${fixed(differenceHigh)}] against ${against}`
}

function printEvaluation(
  evaluation: Pick<Evaluation, 'metrics' | 'baselines' | 'protocol'>,
  ports: ModelCommandPorts,
): void {
  for (const metric of evaluation.metrics) ports.print(metricLine(metric))
  for (const { name, metrics } of evaluation.baselines) {
    const [ndcg] = metrics
    if (ndcg !== undefined) ports.print(`  ${name}: ${ndcg.name} ${fixed(ndcg.value)}`)
  }
}

const describe = (model: ModelVersion): string =>
  `${model.id}  ${model.state.padEnd(9)}  ${new Date(model.trainedAt).toISOString().slice(0, 16)}Z  ` +
  `${model.interactionCount} plays, ${model.viewerCount} viewers, ${model.titleCount} titles`

function progressPrinter(ports: ModelCommandPorts): (progress: TrainingProgress) => void {
  let said = ''
  return ({ step, progress, remainingMs, engine, epoch, epochs, examplesPerSecond, validation }) => {
    if (engine !== undefined) {
      ports.print(`Trains on ${engine}.`)
      return
    }
    const key = `${step} ${epoch ?? ''}`
    if (key === said) return
    said = key
    const left = remainingMs === null ? '' : `, about ${Math.ceil(remainingMs / 1000)} s left`
    const rate =
      examplesPerSecond === undefined ? '' : `, ${examplesPerSecond.toLocaleString('en')} examples/s`
    const at = epoch === undefined ? '' : ` epoch ${epoch} of at most ${epochs}`
    const quality = validation?.length ? `, validation ndcg@10 ${fixed(validation.at(-1))}` : ''
    ports.print(`${String(Math.round(progress * 100)).padStart(3)} %  ${step}${at}${rate}${quality}${left}`)
  }
}

function readEngine(text = 'auto'): EngineChoice {
  const choice = ENGINE_CHOICES.find((name) => name === text)
  if (choice === undefined) throw new TypeError(`--engine takes ${ENGINE_CHOICES.join(', ')}, not ${text}`)
  return choice
}

const train: Command = {
  usage: 'train [--seed n] [--threads n] [--epochs n] [--engine name] [--promote]',
  summary: 'learn a new version from the plays so far',
  help: `Reads who watched what from the warehouse, trains NeuMF in its own process, measures it on the last part of
the time against popularity, and stores the version as a candidate. The platform keeps running.

  --seed n        same data and seed give the same model, bit for bit (default 1)
  --threads n     threads to train with (default 1); changes nothing but the speed
  --epochs n      at most so many passes over the data (default 30; it stops early by itself)
  --engine name   auto: TensorFlow.js where it reaches a GPU, else the kernels on the CPU (default). wasm: the kernels.
                  tfjs: TensorFlow.js, GPU or not; scripts/install-gpu.sh installs it. Its weights are near, not equal bits
  --promote       put the version before viewers when its ndcg@10 beats popularity (95 % interval above zero)${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, whole } = read(args, ports)
    const json = values.json === true
    const seed = whole('seed', 0, 0xffffffff)
    const threads = whole('threads', 1, 64)
    const maxEpochs = whole('epochs', 1, 1000)
    const options = {
      tenantId,
      ...(seed === undefined ? {} : { seed }),
      ...(threads === undefined ? {} : { threads }),
      ...(maxEpochs === undefined ? {} : { maxEpochs }),
      engine: readEngine(values.engine),
      ...(json ? {} : { onProgress: progressPrinter(ports) }),
    }
    let model = await trainModel(options, ports)
    const better = beatsPopularity(model)
    if (values.promote === true && better) model = await ports.registry.promote(tenantId, model.id, ports.by)
    if (json) {
      ports.print(JSON.stringify(model))
      return values.promote === true && !better ? 1 : 0
    }
    ports.print(`Trained ${describe(model)} in ${(model.trainMs / 1000).toFixed(1)} s.`)
    printEvaluation(model, ports)
    if (values.promote === true && !better) {
      ports.print('Not promoted: its ndcg@10 is not surely above popularity.')
      return 1
    }
    ports.print(
      model.state === 'champion'
        ? 'Viewers get it now.'
        : `Promote it with: streamverse promote ${model.version}`,
    )
    return 0
  },
}

/** The 95 % interval of the difference in ndcg@10 lies above zero. */
export const beatsPopularity = (model: Pick<ModelVersion, 'metrics'>): boolean =>
  (model.metrics.find(({ name }) => name === 'ndcg@10')?.differenceLow ?? -1) > 0

const evaluateCommand: Command = {
  usage: 'evaluate [version]',
  summary: 'how a version measures: when trained, and on plays since',
  help: `Shows the evaluation made when the version (the newest without one) was trained, and, when enough viewers have
played since, evaluates it against popularity on exactly those later plays.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version } = read(args, ports)
    const model = await findVersion(ports.registry, tenantId, version)
    const since = await evaluateSince(model, ports)
    if (values.json === true) {
      ports.print(JSON.stringify({ ...model, since }))
      return 0
    }
    ports.print(describe(model))
    ports.print('When trained, on the last part of the time:')
    printEvaluation(model, ports)
    if (since === null) ports.print('Since then too few viewers have played for another look.')
    else {
      ports.print(`On plays since, ${since.judgedViewers} viewers:`)
      printEvaluation(since, ports)
    }
    ports.print(model.protocol)
    return 0
  },
}

const promote: Command = {
  usage: 'promote <version>',
  summary: 'put a version before viewers',
  help: `A running platform switches within a second, without a restart.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, version } = read(args, ports)
    if (version === undefined)
      throw new TypeError('promote takes the version to promote; `models` lists them')
    const model = await ports.registry.promote(tenantId, version, ports.by)
    ports.print(values.json === true ? JSON.stringify(model) : `Viewers get ${model.id} now.`)
    return 0
  },
}

const rollback: Command = {
  usage: 'rollback',
  summary: 'take the active version back',
  help: `The version before it is active again; before the first one that is popularity.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId } = read(args, ports)
    const model = await ports.registry.rollback(tenantId, ports.by)
    if (values.json === true) ports.print(JSON.stringify(model))
    else
      ports.print(
        model === null ? 'No model is active now: viewers get popularity.' : `Viewers get ${model.id} again.`,
      )
    return 0
  },
}

const models: Command = {
  usage: 'models',
  summary: 'list the versions',
  help: `Newest first, with state and ndcg@10.${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId } = read(args, ports)
    const list = await ports.registry.list(tenantId)
    if (values.json === true) {
      ports.print(JSON.stringify(list))
      return 0
    }
    if (list.length === 0) ports.print('No model has been trained yet: streamverse train')
    for (const model of list) {
      ports.print(describe(model))
      const [ndcg] = model.metrics
      if (ndcg !== undefined) ports.print(metricLine(ndcg))
    }
    return 0
  },
}

export const modelCommands: Commands<ModelCommandPorts> = {
  train,
  evaluate: evaluateCommand,
  promote,
  rollback,
  models,
}
