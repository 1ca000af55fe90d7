/** How sure the figures are that are shares of few things. */
import type { MetricDefinition } from '#metrics/define.ts'
import { type FigureName, type Figures, figureMetrics } from '#metrics/figures.ts'
import { wilson } from '#metrics/interval.ts'

/** 95 of 100 such intervals hold the true share. */
export type Interval = {
  readonly metric: string
  /** Of how many things it is a share. */
  readonly n: number
  /** Percent. */
  readonly low: number
  readonly high: number
}

/** The figures that intervals are made of. */
export const INTERVAL_FIGURES = (figureMetrics as readonly MetricDefinition[]).flatMap(({ name, of }) =>
  of === undefined ? [] : [name as FigureName, of as FigureName],
)

/** The intervals of all figures that are shares of counted things. */
export const intervalsOf = (figures: Figures): Interval[] =>
  (figureMetrics as readonly MetricDefinition[]).flatMap(({ name, of }) => {
    const value = figures[name as keyof Figures]
    const n = of === undefined ? 0 : (figures[of as keyof Figures] ?? 0)
    const share = value === null ? null : wilson((value / 100) * n, n)
    return share === null ? [] : [{ metric: name, n, low: 100 * share.low, high: 100 * share.high }]
  })
