/** Says that figures have changed since their day was settled, and by how many views. */
import { Badge, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { formatCount } from '../shared/format.ts'

export const cameLate = (views: number): string =>
  `${formatCount(views)} ${views === 1 ? 'view' : 'views'} came late: an hour or more after the end of the day, in UTC`

export const RestatedBadge = ({
  views,
  children,
}: {
  readonly views: number
  readonly children: ReactNode
}) => (
  <Badge color="#9c4400" variant="filled" tt="none" size="sm" title={cameLate(views)}>
    {children}
    <VisuallyHidden>: {cameLate(views)}</VisuallyHidden>
  </Badge>
)
