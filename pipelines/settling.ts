/**
 * Views that were built and are not settled: their flags may be wrong still, and after a kill they would be built again.
 * Settling costs as much as building a few hundred views, so while many are built it is done beside that, and not each time.
 */
import type { Clock } from '#base/clock.ts'
import { settleViews } from '#pipelines/build-views.ts'
import { type Marks, writeMarks } from '#pipelines/view-marks.ts'
import type { TouchedView } from '#pipelines/views-find.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type Settling = {
  /** The view was built. */
  add(name: string, view: TouchedView): void
  /**
   * Settles what was built before the call, one call after another. `marks`: where everything before was built, when
   * everything was. What could not be settled is tried again with the next call.
   */
  settle(marks: Marks | null): Promise<void>
  /** When it was last begun, epoch ms. */
  begunAt(): number
}

export function createSettling({ warehouse, clock }: { warehouse: Warehouse; clock: Clock }): Settling {
  const unsettled = new Map<string, TouchedView>()
  let written: Marks = new Map()
  let begunAt = 0
  let running: Promise<void> = Promise.resolve()
  const add = (name: string, view: TouchedView): void => {
    unsettled.set(name, { ...view, late: view.late || unsettled.get(name)?.late === true })
  }
  const settle = async (marks: Marks | null): Promise<void> => {
    const built = new Map(unsettled)
    unsettled.clear()
    try {
      await settleViews(warehouse, [...built.values()])
    } catch (error) {
      for (const [name, view] of built) add(name, view)
      throw error
    }
    if (marks === null || ![...marks].some(([partition, next]) => written.get(partition) !== next)) return
    await writeMarks(warehouse, marks)
    written = marks
  }
  return {
    add,
    settle: (marks) => {
      begunAt = clock.now()
      const settled = running.then(() => settle(marks))
      running = settled.catch(() => undefined)
      return settled
    },
    begunAt: () => begunAt,
  }
}
