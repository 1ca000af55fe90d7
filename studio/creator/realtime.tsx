/** Now: who watches, minute by minute, by subscription; says how fresh the numbers are. */
import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { useEffect, useState } from 'react'
import { useSubscription } from 'urql'
import { CHART_DELAY_FIELDS, type ChartDelay, isStandingStill } from '../shared/chart-delay.ts'
import { formatCount, formatSeconds } from '../shared/format.ts'
import { LazyChart } from '../shared/lazy-chart.tsx'
import { HowButton } from './how.tsx'
import { SimulatedMark } from './simulated-mark.tsx'

type RealtimeData = {
  concurrentViewers: number
  viewsLastHour: number
  viewsLast48Hours: number
  watermarkAt: number
  chartDelay: ChartDelay
  minutes: { at: number; views: number }[]
  topTitles: { views: number; title: { id: string; name: string; simulated: boolean } }[]
}
const REALTIME = gql<{ realtime: RealtimeData }, { titleId: string | null }>(
  `subscription Realtime($titleId: ID) { realtime(titleId: $titleId) { concurrentViewers viewsLastHour viewsLast48Hours
    watermarkAt chartDelay { ${CHART_DELAY_FIELDS} } minutes { at views } topTitles { views title { id name simulated } } } }`,
)
const clockOf = (at: number): string =>
  new Date(at).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })

function Freshness({ at, delay }: { readonly at: number; readonly delay: ChartDelay }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  return (
    <Text size="xs" c="dimmed" data-testid="freshness">
      {at === 0 ? 'Counting begins…' : `As of ${seconds} s ago`}
      {delay.p50Ms !== null && ` · an event is counted after ${formatSeconds(delay.p50Ms)}`}
      {isStandingStill(delay) && ` · some wait for ${formatSeconds(delay.oldestWaitingMs)}`}
    </Text>
  )
}

export function RealtimeCard({ titleId = null }: { readonly titleId?: string | null }) {
  const [{ data, error }] = useSubscription({ query: REALTIME, variables: { titleId } })
  const now = data?.realtime
  return (
    <Card withBorder component="section" aria-labelledby="realtime">
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <Title order={2} size="h4" id="realtime">
            Right now
          </Title>
          <HowButton label="Views by minute" report="realtime" of="minutes" />
        </Group>
        {now !== undefined && <Freshness at={now.watermarkAt} delay={now.chartDelay} />}
        {error !== undefined && (
          <Text size="xs" c="dimmed">
            Connecting again…
          </Text>
        )}
      </Group>
      <Group align="flex-start" gap={40}>
        <Stack gap={0} aria-live="off">
          <Text
            fz={44}
            fw={700}
            lh={1.1}
            data-testid="concurrent"
            style={{ fontVariantNumeric: 'tabular-nums' }}
          >
            {formatCount(now?.concurrentViewers ?? null)}
          </Text>
          <Text size="sm" c="dimmed" component="div">
            watching <HowButton label="Watching now" report="realtime" of="concurrentViewers" />
          </Text>
          <Text mt="sm" fw={600} component="div">
            {formatCount(now?.viewsLastHour ?? null)}{' '}
            <Text span c="dimmed" size="sm">
              views in the last hour{' '}
              <HowButton label="Views in the last hour" report="realtime" of="viewsLastHour" />
            </Text>
          </Text>
          <Text fw={600} component="div">
            {formatCount(now?.viewsLast48Hours ?? null)}{' '}
            <Text span c="dimmed" size="sm">
              in 48 hours <HowButton label="Views in 48 hours" report="realtime" of="viewsLast48Hours" />
            </Text>
          </Text>
        </Stack>
        <div style={{ flex: '1 1 280px', minWidth: 0 }}>
          <LazyChart
            height={150}
            label={`Views begun in each of the last 60 minutes, ${now?.viewsLastHour ?? 0} in all.`}
            option={(palette) => ({
              color: [palette.main],
              grid: { left: 4, right: 4, top: 8, bottom: 4, containLabel: true },
              tooltip: { trigger: 'axis' },
              xAxis: {
                type: 'category',
                data: (now?.minutes ?? []).map((point) => clockOf(point.at)),
                axisTick: { show: false },
                axisLabel: { interval: 14 },
              },
              yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: palette.line } } },
              series: [
                {
                  name: 'Views',
                  type: 'bar',
                  data: (now?.minutes ?? []).map((point) => point.views),
                  barCategoryGap: '25%',
                },
              ],
            })}
          />
        </div>
        {titleId === null && now !== undefined && now.topTitles.length > 0 && (
          <Stack gap={4} miw={180}>
            <Text size="sm" c="dimmed" component="div">
              Most watched, 48 hours{' '}
              <HowButton label="Most watched in 48 hours" report="realtime" of="topTitles" />
            </Text>
            {now.topTitles.slice(0, 4).map(({ title, views }) => (
              <Group key={title.id} justify="space-between" gap="md" wrap="nowrap">
                <Anchor
                  component={Link}
                  to={`/studio/titles/${title.id}` as never}
                  size="sm"
                  truncate
                  maw={220}
                >
                  {title.name}
                </Anchor>
                {title.simulated && <SimulatedMark />}
                <Text size="sm">{formatCount(views)}</Text>
              </Group>
            ))}
          </Stack>
        )}
      </Group>
    </Card>
  )
}
