/** The control: the same system with its syncs taken away must lose at a power cut, or the torture proves nothing. */
import { makeDisk } from '#tests/torture/disk.ts'
import { createLoad } from '#tests/torture/load.ts'
import { openLossyWay } from '#tests/torture/lossy-way.ts'
import { startSubject } from '#tests/torture/subject.ts'

/** Acknowledged events that are gone. */
export async function loseWithoutSyncs(seed: number): Promise<number> {
  const disk = makeDisk()
  const way = await openLossyWay()
  const load = createLoad(way.url(), seed)
  const start = async (durable: boolean) => {
    const subject = await startSubject({ dir: disk.dir, durable, onTitles: () => undefined })
    way.leadTo(subject.port)
    return subject
  }
  try {
    const first = await start(false)
    load.start(8, 20)
    await load.acknowledgements(60, 20_000)
    first.freeze()
    disk.cutPower()
    // What is acknowledged from here on was so before the cut: the answer was on its way.
    const ids = load.takeIds()
    await first.kill()
    await disk.restore()
    const second = await start(true)
    const findings = await second.order({ do: 'check', ids, titles: {} })
    await load.drain()
    await second.order({ do: 'stop' })
    await second.kill()
    return findings?.lostInLog ?? 0
  } finally {
    way.close()
    disk.remove()
  }
}
