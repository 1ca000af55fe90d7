/** The shapes of pages whose titles are still on their way. */
import { Skeleton, Stack } from '@mantine/core'

const CARDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const

const CardShape = () => (
  <div>
    <Skeleton className="sv-picture" radius={10} />
    <Skeleton h={14} w="78%" mt={10} />
    <Skeleton h={12} w="48%" mt={8} />
  </div>
)

export const RowWaiting = () => (
  <section>
    <Skeleton h={22} w={180} mb={12} />
    <div className="sv-row">
      {CARDS.map((key) => (
        <CardShape key={key} />
      ))}
    </div>
  </section>
)

export const GridWaiting = () => (
  <div className="sv-grid" aria-busy="true">
    {CARDS.map((key) => (
      <CardShape key={key} />
    ))}
  </div>
)

export const HomeWaiting = () => (
  <Stack gap={36} className="sv-page" aria-busy="true">
    <Skeleton className="sv-hero" radius={18} />
    <RowWaiting />
    <RowWaiting />
  </Stack>
)

export const TitleWaiting = () => (
  <Stack gap={40} className="sv-page" aria-busy="true">
    <div className="sv-facts">
      <Skeleton className="sv-picture" radius={16} />
      <Stack>
        <Skeleton h={44} w="70%" />
        <Skeleton h={18} w="50%" />
        <Skeleton h={64} w="90%" />
        <Skeleton h={42} w={160} />
      </Stack>
    </div>
    <RowWaiting />
  </Stack>
)
