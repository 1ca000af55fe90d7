/** Views over the period, as a line. */
import { Card, Title } from '@mantine/core'
import { LazyChart } from '../shared/lazy-chart.tsx'

export type Point = { readonly at: number; readonly views: number; readonly watchTimeMs: number }

export function SeriesCard({
  points,
  hourly,
}: {
  readonly points: readonly Point[]
  readonly hourly: boolean
}) {
  const name = (at: number): string =>
    hourly
      ? new Date(at).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })
      : new Date(at).toLocaleDateString('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const total = points.reduce((sum, point) => sum + point.views, 0)
  return (
    <Card withBorder component="section" aria-labelledby="series">
      <Title order={2} size="h4" id="series">
        Views
      </Title>
      <LazyChart
        height={260}
        label={`Views by ${hourly ? 'hour' : 'day'}: ${total} over ${points.length} points.`}
        option={(palette) => ({
          color: [palette.main],
          tooltip: { trigger: 'axis' },
          xAxis: {
            type: 'category',
            data: points.map((point) => name(point.at)),
            boundaryGap: false,
            axisTick: { show: false },
          },
          yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: palette.line } } },
          series: [
            {
              name: 'Views',
              type: 'line',
              data: points.map((point) => point.views),
              showSymbol: points.length < 3,
              smooth: 0.2,
              lineStyle: { width: 2.5 },
              areaStyle: { opacity: 0.1 },
            },
          ],
        })}
      />
    </Card>
  )
}
