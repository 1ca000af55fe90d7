/** A warehouse of its own in a folder that is removed again, and what it costs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { silentLog } from '#base/log.ts'
import { openChdb } from '#storage/warehouse/chdb.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

const TICK_MICROS = 10_000

export type Engine = {
  readonly warehouse: Warehouse
  /** User and system time so far: of the warehouse, and of this process. */
  cpuMicros(): Promise<{ readonly warehouse: number; readonly own: number }>
}

async function cpuMicrosOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(tmpdir(), 'streamverse-bench-'))
  const warehouse = await openChdb({ dir: path.join(dir, 'warehouse'), log: silentLog })
  try {
    return await work({
      warehouse,
      cpuMicros: async () => {
        const { user, system } = process.cpuUsage()
        return { warehouse: await cpuMicrosOf(warehouse.pid() as number), own: user + system }
      },
    })
  } finally {
    await warehouse.close()
    await rm(dir, { recursive: true, force: true })
  }
}

/** `--events 10000000 --rounds 20` and the like, after the name of the bench. */
export function numbersAsked<const T extends Readonly<Record<string, string>>>(defaults: T) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value } as const]),
  )
  const { values } = parseArgs({ args: process.argv.slice(3), options })
  return values as { readonly [name in keyof T]: string }
}

export const quantile = (values: readonly number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number
}
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
