/** A chart with its own chunk: ECharts comes only where one is shown. Says in words what it shows. */
import { BarChart, LineChart } from 'echarts/charts'
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
} from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'

use([
  LineChart,
  BarChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  AriaComponent,
  SVGRenderer,
])

export type ChartProps = {
  readonly option: EChartsCoreOption
  readonly label: string
  readonly dark: boolean
  readonly height?: number
  /** Called with the index on the category axis that was clicked. */
  readonly onPick?: ((index: number) => void) | undefined
}

export function Chart({ option, label, dark, height = 300, onPick }: ChartProps) {
  const ref = useRef<HTMLDivElement>(null)
  const pick = useRef(onPick)
  useEffect(() => {
    pick.current = onPick
  }, [onPick])
  const chart = useRef<ReturnType<typeof init> | null>(null)
  useEffect(() => {
    if (ref.current === null) return
    const made = init(ref.current, dark ? 'dark' : undefined, { renderer: 'svg' })
    chart.current = made
    made.getZr().on('click', ({ offsetX, offsetY }: { offsetX: number; offsetY: number }) => {
      if (!made.containPixel('grid', [offsetX, offsetY])) return
      const [index] = made.convertFromPixel({ gridIndex: 0 }, [offsetX, offsetY]) as number[]
      if (index !== undefined) pick.current?.(Math.round(index))
    })
    const observer = new ResizeObserver(() => made.resize())
    observer.observe(ref.current)
    return () => {
      observer.disconnect()
      made.dispose()
      chart.current = null
    }
  }, [dark])
  useEffect(() => {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const base = { backgroundColor: 'transparent', aria: { enabled: true }, animation: !still }
    chart.current?.setOption({ ...base, ...option }, { notMerge: true })
  }, [option, dark])
  return <div ref={ref} role="img" aria-label={label} style={{ height, width: '100%' }} />
}
