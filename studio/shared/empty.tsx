/** What a page shows in place of content: nothing yet, still loading, or a failure with a way on. */
import { Button, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

type EmptyProps = { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }

export const Empty = ({ title, children, action }: EmptyProps) => (
  <Stack align="center" gap="xs" py={64} ta="center">
    <Title order={2} size="h4">
      {title}
    </Title>
    <Text c="dimmed" maw={440}>
      {children}
    </Text>
    {action}
  </Stack>
)

export const Failed = ({ message, retry }: { readonly message: string; readonly retry: () => void }) => (
  <Empty title="This did not load" action={<Button onClick={retry}>Try again</Button>}>
    {message}
  </Empty>
)

export const Loading = () => (
  <Stack aria-busy="true">
    <Skeleton h={36} w="40%" />
    <Skeleton h={120} />
    <Skeleton h={320} />
  </Stack>
)
