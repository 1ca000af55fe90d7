/** Views over the period, as a line; days that were restated are marked. */
import { Card, Group, Title } from '@mantine/core'
import { formatCount } from '../shared/format.ts'
import { LazyChart } from '../shared/lazy-chart.tsx'
import { HowButton } from './how.tsx'
import { cameLate, RestatedBadge } from './restated.tsx'

export type Point = {
  readonly at: number
  readonly views: number
  readonly watchTimeMs: number
  readonly restatedViews: number
}
export const POINT = 'at views watchTimeMs restatedViews'

const DAY_MS = 86_400_000
/** Days that were restated, and views that came late to them: the hours of a day say the same of it. */
function restatedOf(points: readonly Point[]): { days: number; views: number } {
  const byDay = new Map(points.map(({ at, restatedViews }) => [Math.floor(at / DAY_MS), restatedViews]))
  const late = [...byDay.values()].filter((views) => views > 0)
  return { days: late.length, views: late.reduce((sum, views) => sum + views, 0) }
}

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
  const restated = restatedOf(points)
  const days = restated.days === 1 ? '1 day restated' : `${restated.days} days restated`
  return (
    <Card withBorder component="section" aria-labelledby="series">
      <Group gap="xs">
        <Title order={2} size="h4" id="series">
          Views
        </Title>
        <HowButton label={`Views by ${hourly ? 'hour' : 'day'}`} report="lists" of="series" />
        {restated.days > 0 && <RestatedBadge views={restated.views}>{days}</RestatedBadge>}
      </Group>
      <LazyChart
        height={260}
        label={`Views by ${hourly ? 'hour' : 'day'}: ${total} over ${points.length} points${restated.days > 0 ? `, ${days}` : ''}.`}
        option={(palette) => ({
          color: [palette.main],
          tooltip: {
            trigger: 'axis',
            formatter: ([{ dataIndex }]: [{ dataIndex: number }]) => toldOf(points[dataIndex], name),
          },
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
              markPoint: {
                symbol: 'circle',
                symbolSize: 9,
                itemStyle: { color: palette.other },
                label: { show: false },
                data: points.flatMap(({ views, restatedViews }, i) =>
                  restatedViews > 0 ? [{ name: 'Restated', coord: [i, views] }] : [],
                ),
              },
            },
          ],
        })}
      />
    </Card>
  )
}

/** A point in words, for the pointer. */
const toldOf = (point: Point | undefined, name: (at: number) => string): string =>
  point === undefined
    ? ''
    : [
        name(point.at),
        `Views: <b>${formatCount(point.views)}</b>`,
        ...(point.restatedViews > 0 ? [`Restated: ${cameLate(point.restatedViews)}`] : []),
      ].join('<br>')
