/** Stored, duplicate and dead-lettered events by minute or hour, one on the other. */
import { LazyChart } from '../shared/lazy-chart.tsx'
import type { Ledger, Step } from './ledger-query.ts'

const HOUR_MS = 3_600_000
const clockOf = (at: number): string =>
  new Date(at).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })
const dayOf = (at: number): string =>
  new Date(at).toLocaleString('en', { day: 'numeric', month: 'short', hour: '2-digit', hour12: false })

/** Every step of the range, also those in which nothing came. */
function allSteps({ from, to, stepMs, steps }: Ledger): { at: number; step: Step | undefined }[] {
  const known = new Map(steps.map((step) => [step.at, step]))
  const count = Math.ceil((to - from) / stepMs)
  return Array.from({ length: count }, (_, n) => {
    const at = from + n * stepMs
    return { at, step: known.get(at) }
  })
}

export function LedgerChart({ ledger }: { readonly ledger: Ledger }) {
  const { totals, stepMs, to, from } = ledger
  const points = allSteps(ledger)
  const nameOf = to - from > 30 * HOUR_MS ? dayOf : clockOf
  const kinds = [
    ['Stored', (step: Step) => step.counts.stored],
    ['Duplicate', (step: Step) => step.counts.duplicate],
    ['Dead letters', (step: Step) => step.counts.deadLettered],
  ] as const
  const words = kinds
    .map(([name, read]) => `${read({ at: from, state: 'open', counts: totals })} ${name.toLowerCase()}`)
    .join(', ')
  return (
    <LazyChart
      height={260}
      label={`Events by ${stepMs < HOUR_MS ? 'minute' : 'hour'}: ${words}.`}
      option={(palette) => ({
        color: [palette.main, palette.quiet, palette.warn],
        tooltip: { trigger: 'axis' },
        legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 12 },
        xAxis: {
          type: 'category',
          data: points.map(({ at }) => nameOf(at)),
          axisTick: { show: false },
          axisLabel: { hideOverlap: true },
        },
        yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: palette.line } } },
        series: kinds.map(([name, read]) => ({
          name,
          type: 'bar',
          stack: 'events',
          barCategoryGap: '20%',
          data: points.map(({ step }) => (step === undefined ? 0 : read(step))),
        })),
      })}
    />
  )
}
