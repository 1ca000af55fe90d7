/** The chart, loaded when first needed, with the colours and type of the page. */
import { Skeleton, useComputedColorScheme } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { ChartProps } from './chart.tsx'

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }))
const FONT = '"Inter Variable", system-ui, sans-serif'

export type Palette = {
  readonly main: string
  readonly quiet: string
  readonly warn: string
  readonly other: string
  readonly line: string
}
const LIGHT: Palette = {
  main: '#4c5fd5',
  quiet: '#868e96',
  warn: '#c92a2a',
  other: '#b35c00',
  line: '#e9ecef',
}
const DARK: Palette = {
  main: '#91a7ff',
  quiet: '#adb5bd',
  warn: '#ffa8a8',
  other: '#ffc078',
  line: '#373a40',
}

type LazyProps = Omit<ChartProps, 'dark' | 'option'> & {
  readonly option: (palette: Palette) => Record<string, unknown>
}

export function LazyChart({ option, height = 300, ...rest }: LazyProps) {
  const dark = useComputedColorScheme('light') === 'dark'
  const grid = { left: 4, right: 12, top: 28, bottom: 4, containLabel: true }
  const made = { textStyle: { fontFamily: FONT }, grid, ...option(dark ? DARK : LIGHT) }
  return (
    <Suspense fallback={<Skeleton h={height} />}>
      <Chart option={made} height={height} dark={dark} {...rest} />
    </Suspense>
  )
}
