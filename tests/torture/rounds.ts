/** One round: senders at work, a fault, an end, a start, and what is found then. */
import { readFileSync } from 'node:fs'
import type { Disk } from '#tests/torture/disk.ts'
import { createLoad, type Load } from '#tests/torture/load.ts'
import { type LossyWay, openLossyWay } from '#tests/torture/lossy-way.ts'
import type { Findings } from '#tests/torture/orders.ts'
import type { Ending, Round } from '#tests/torture/plan.ts'
import { type Subject, startSubject } from '#tests/torture/subject.ts'

export type Played = {
  readonly findings: Findings
  readonly acknowledged: number
  readonly refusals: Readonly<Record<string, number>>
  /** What the fault was to bring about and did not; empty when it did. */
  readonly missed: readonly string[]
  readonly ms: number
}
export type World = {
  play(round: Round): Promise<Played>
  /** All that was ever acknowledged, against what is there. */
  checkAll(): Promise<Findings>
  close(): Promise<void>
}

const FAULT_LIMIT_MS = 30_000
const MEMORY_MB = 512

/** One life of data over many rounds, on one disk. */
export async function openWorld(disk: Disk, seed: number): Promise<World> {
  const way = await openLossyWay()
  const load = createLoad(way.url(), seed)
  const everything: string[] = []
  const titles: Record<string, number> = {}
  const onTitles = (more: Readonly<Record<string, number>>): void => void Object.assign(titles, more)
  const start = async (): Promise<Subject> => {
    const subject = await startSubject({ dir: disk.dir, onTitles })
    way.leadTo(subject.port)
    return subject
  }
  let subject = await start()
  const check = async (ids: readonly string[]): Promise<Findings> => {
    const findings = await subject.order({ do: 'check', ids, titles })
    if (findings === null) throw new Error('the victim died while it was looked at')
    return findings
  }

  return {
    play: async (round) => {
      const begunAt = performance.now()
      const before = { ...titles }
      load.start(round.senders, round.batchEvents)
      await load.acknowledgements(round.before, FAULT_LIMIT_MS)
      const missed = await bringAbout(round, { disk, load, way, subject })
      await end(subject, endingOf(round), disk)
      subject = await start()
      await load.drain()
      const ids = load.takeIds()
      everything.push(...ids)
      const findings = await check(ids)
      if (Object.keys(titles).length === Object.keys(before).length && sameTitles(before, titles)) {
        missed.push('no title was said')
      }
      return {
        findings,
        acknowledged: ids.length,
        refusals: load.takeRefusals(),
        missed,
        ms: Math.round(performance.now() - begunAt),
      }
    },
    checkAll: () => check(everything),
    close: async () => {
      await subject.order({ do: 'stop' })
      await subject.kill()
      way.close()
    },
  }
}

const sameTitles = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean =>
  Object.entries(b).every(([title, revision]) => a[title] === revision)

const endingOf = ({ fault, ending }: Round): Ending => (fault.kind === 'power-cut' ? 'power-cut' : ending)

async function end(subject: Subject, how: Ending, disk: Disk): Promise<void> {
  if (how === 'stop') await subject.order({ do: 'stop' })
  if (how === 'power-cut') {
    subject.freeze()
    disk.cutPower()
  }
  await subject.kill()
  if (how === 'power-cut') await disk.restore()
}

/** Resident memory of a process. */
const memoryOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)

type Scene = { readonly disk: Disk; readonly load: Load; readonly way: LossyWay; readonly subject: Subject }

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Does what the round is about; answers what it should have brought about and did not. */
async function bringAbout(round: Round, { disk, load, way, subject }: Scene): Promise<string[]> {
  const { fault } = round
  const dies = async (): Promise<string[]> => {
    const died = await Promise.race([subject.ended.then(() => true), wait(FAULT_LIMIT_MS).then(() => false)])
    return died ? [] : ['it did not die']
  }
  /** It goes on by itself. */
  const recovers = async (): Promise<string[]> => {
    const was = load.batches()
    await load.acknowledgements(round.after, FAULT_LIMIT_MS)
    if (load.batches() - was >= round.after) return []
    return [`it did not go on by itself: ${subject.fate() ?? 'it lives'}`]
  }
  const refuses = async (code: string): Promise<string[]> =>
    (await load.refusal(code, FAULT_LIMIT_MS)) ? [] : [`nothing was refused with ${code}`]
  switch (fault.kind) {
    case 'power-cut':
      return []
    case 'kill-at-write':
      await subject.order({ do: 'fail writes', fault: fault.write })
      return dies()
    case 'write-error': {
      await subject.order({ do: 'fail writes', fault: fault.write })
      return [...(await refuses('SV_LOG_UNAVAILABLE')), ...(await recovers())]
    }
    case 'full-disk': {
      disk.fill(fault.freeBytes)
      const missed = await refuses('SV_LOG_UNAVAILABLE')
      await wait(fault.forMs)
      disk.makeRoom()
      return [...missed, ...(await recovers())]
    }
    case 'slow-disk': {
      await subject.order({ do: 'fail writes', fault: fault.write })
      const missed = await refuses('SV_LOG_FULL')
      const memoryMb = memoryOf(subject.pid)
      if (memoryMb > MEMORY_MB) missed.push(`it took ${memoryMb} MB`)
      return [...missed, ...(await recovers())]
    }
    case 'warehouse-killed':
      await subject.order({ do: 'fail insert', fault: fault.insert })
      if (fault.insert.what === 'kill everything') return dies()
      return recovers()
    case 'lost-answers': {
      const was = way.lost()
      way.loseAnswers(true)
      await wait(fault.forMs)
      way.loseAnswers(false)
      return [...(way.lost() > was ? [] : ['no answer was lost']), ...(await recovers())]
    }
    case 'clock-jump':
      await subject.order({ do: 'jump', ms: fault.ms })
      return recovers()
  }
}
