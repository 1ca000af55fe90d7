/** A Python program beside us that does the same work: told its task, then a line a run; it answers each with a line. */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

export type Spent = { readonly seconds: number; readonly cpuSeconds: number; readonly loss: number }

const python = (): string => process.env['PYTHON'] ?? 'python3'
/** Whether the Python named by PYTHON has the modules. */
export const hasModules = (...names: readonly string[]): boolean =>
  spawnSync(python(), ['-c', `import ${names.join(', ')}`]).status === 0

export type Beside = { run(what: object): Promise<Spent>; close(): void }

export function openPython(program: string, task: object): Beside {
  const child = spawn(python(), [path.join(import.meta.dirname, '../python', program)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const tell = (what: object): void => void child.stdin.write(`${JSON.stringify(what)}\n`)
  tell(task)
  return {
    run: async (what) => {
      tell(what)
      const line = await lines.next()
      if (line.done === true) throw new Error(`${program} ended before it was done`)
      return JSON.parse(line.value) as Spent
    },
    close: () => void child.stdin.end(),
  }
}

/** Of an odd number of runs the middle one, by each figure. */
export function middle(runs: readonly Spent[]): Spent {
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
  return {
    seconds: median(runs.map((run) => run.seconds)),
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    loss: (runs.at(-1) as Spent).loss,
  }
}
