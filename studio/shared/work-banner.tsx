/**
 * Says in words what the platform is busy with while it seeds, trains or makes clips, and what of it failed until
 * that is dismissed.
 */
import { CloseButton, Group, Progress, Text } from '@mantine/core'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useSubscription } from 'urql'
import { WORK_FIELDS, type Work } from './work.ts'

const WORK = gql<{ status: { work: Work[] } }, Record<string, never>>(
  `subscription Work { status { work { ${WORK_FIELDS} } } }`,
)

export function WorkBanner() {
  const [{ data }] = useSubscription({ query: WORK, variables: {} })
  const [dismissed, setDismissed] = useState<readonly string[]>([])
  const all = data?.status.work ?? []
  const going = all.find(({ progress, failed }) => progress < 1 && !failed)
  const failed = all.filter((work) => work.failed && !dismissed.includes(work.key))
  if (going === undefined && failed.length === 0) return null
  return (
    <aside aria-label="What the platform is doing" aria-live="polite">
      {failed.map(({ key, name, detail }) => (
        <Group key={key} gap="sm" mb="md" wrap="nowrap" justify="space-between">
          <Text size="sm" c="var(--mantine-color-error)">
            {name}: this failed. {detail}
          </Text>
          <CloseButton aria-label={`Dismiss: ${name}`} onClick={() => setDismissed([...dismissed, key])} />
        </Group>
      ))}
      {going !== undefined && (
        <Group gap="sm" mb="md" wrap="nowrap">
          <Text size="sm" c="dimmed" truncate>
            {going.name}: {going.detail}
          </Text>
          <Progress value={going.progress * 100} aria-label={going.name} w={140} miw={80} />
        </Group>
      )}
    </aside>
  )
}
