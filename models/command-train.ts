/** `streamverse train`: a new version from the plays so far. */
import {
  describeVersion,
  type ModelCommand,
  type ModelCommandPorts,
  printEvaluation,
  printGates,
  readArguments,
  SHARED_HELP,
} from '#models/command-line.ts'
import { fixed } from '#models/evaluate/words.ts'
import { passesAll } from '#models/gates.ts'
import { KINDS } from '#models/kinds.ts'
import { trainModel } from '#models/learn.ts'
import { ENGINE_CHOICES, type EngineChoice } from '#models/ncf/engine.ts'
import type { TrainingProgress } from '#models/train.ts'

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

/** Ctrl-C once ends learning and keeps the best so far; twice ends the command as ever. */
function stopByInterrupt(print: (line: string) => void): { stop: AbortSignal; done: () => void } {
  const stop = new AbortController()
  const interrupted = (): void => {
    print('Stopping: the best so far is measured and kept. Again to give up.')
    stop.abort()
  }
  process.once('SIGINT', interrupted)
  return { stop: stop.signal, done: () => void process.off('SIGINT', interrupted) }
}

const kindLines = KINDS.map(({ name, description }) => `    ${name.padEnd(10)} ${description}`).join('\n')

export const train: ModelCommand = {
  usage:
    'train [--model kind] [--from import] [--search n] [--seed n] [--threads n] [--epochs n] [--engine name]\n         [--promote]',
  summary: 'learn a new version from the plays so far',
  help: `Reads who watched what from the warehouse, trains in its own process, measures the result on the last part of the
time against popularity, EASE and the version before viewers, and stores it as a candidate. The platform keeps running.
Ctrl-C ends the choice of settings and epochs: the best so far is learned, measured and kept.
A training that was killed goes on where it was when the same
command meets the same plays.

  --model kind    ncf without it; one of
${kindLines}
  --from name     learn from what was brought along (streamverse import) instead of the plays
  --search n      settings tried, the defaults first, judged on a validation period only (default 1)
  --seed n        same data, settings and seed give the same model, bit for bit (default 1)
  --threads n     threads to train with (default 1); changes nothing but the speed
  --epochs n      at most so many passes over the data, of each half of NCF and of both joined; it stops early by itself
  --engine name   of NCF. auto: TensorFlow.js where it reaches a GPU, else the kernels on the CPU (default). wasm: the
                  kernels. tfjs: TensorFlow.js, GPU or not; scripts/install-gpu.sh installs it. Near, not equal bits
  --promote       put the version before viewers when every gate is open: its ndcg@10 surely above popularity (95 %
                  interval above zero), not surely below EASE or the version there is, and learned from the platform's plays${SHARED_HELP}`,
  run: async (args, ports) => {
    const { values, tenantId, whole, from } = readArguments(args, ports)
    const json = values.json === true
    const seed = whole('seed', 0, 0xffffffff)
    const threads = whole('threads', 1, 64)
    const maxEpochs = whole('epochs', 1, 1000)
    const tries = whole('search', 1, 1000)
    const { stop, done } = stopByInterrupt(json ? () => {} : ports.print)
    const { from: interactions } = await from()
    const options = {
      tenantId,
      ...(interactions === undefined ? {} : { from: { name: values.from as string, interactions } }),
      stop,
      engine: readEngine(values.engine),
      ...(values.model === undefined ? {} : { model: values.model }),
      ...(seed === undefined ? {} : { seed }),
      ...(threads === undefined ? {} : { threads }),
      ...(maxEpochs === undefined ? {} : { maxEpochs }),
      ...(tries === undefined ? {} : { tries }),
      ...(json ? {} : { onProgress: progressPrinter(ports) }),
    }
    let model = await trainModel(options, ports).finally(done)
    const open = passesAll(model.gates ?? [])
    if (values.promote === true && open) model = await ports.registry.promote(tenantId, model.id, ports.by)
    const code = values.promote === true && !open ? 1 : 0
    if (json) {
      ports.print(JSON.stringify(model))
      return code
    }
    ports.print(`Trained ${describeVersion(model)} in ${(model.trainMs / 1000).toFixed(1)} s.`)
    printEvaluation(model, ports)
    ports.print('Gates:')
    printGates(model.gates ?? [], ports)
    if (model.state === 'champion') ports.print('Viewers get it now.')
    else if (!open) ports.print('Not promoted: a gate is closed.')
    else ports.print(`Promote it with: streamverse promote ${model.version}`)
    return code
  },
}
