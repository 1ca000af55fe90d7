/** Says in words what the platform is busy with, while it seeds, trains or makes clips. */
import { Group, Progress, Text } from '@mantine/core'
import { gql } from '@urql/core'
import { useSubscription } from 'urql'

type Work = { key: string; name: string; detail: string; progress: number; failed: boolean }
const WORK = gql<{ status: { work: Work[] } }, Record<string, never>>`
  subscription Work { status { work { key name detail progress failed } } }
`

export function WorkBanner() {
  const [{ data }] = useSubscription({ query: WORK, variables: {} })
  const work = data?.status.work.find(({ progress, failed }) => progress < 1 && !failed)
  if (!work) return null
  return (
    <Group component="aside" aria-label="What the platform is doing" gap="sm" mb="md" wrap="nowrap">
      <Text size="sm" c="dimmed" truncate>
        {work.name}: {work.detail}
      </Text>
      <Progress value={work.progress * 100} aria-label={work.name} w={140} miw={80} />
    </Group>
  )
}
