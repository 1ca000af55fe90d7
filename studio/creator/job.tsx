/** A transcode job as it goes: what happens now, which renditions play, what went wrong and what to do about it. */
import { Alert, Badge, Button, Card, Group, Progress, Text } from '@mantine/core'
import { gql } from '@urql/core'
import { useMutation, useSubscription } from 'urql'
import { useToast } from '../shared/toast.tsx'

export type Job = {
  readonly id: string
  readonly state: string
  readonly progress: number
  readonly step: string
  readonly encoder: string | null
  readonly renditions: readonly {
    readonly heightPx: number
    readonly bitrateKbps: number
    readonly state: string
  }[]
  readonly failure: { readonly code: string; readonly message: string; readonly fix: string } | null
}
export const JOB = `id state progress step encoder renditions { heightPx bitrateKbps state } failure { code message fix }`

const WATCH = gql<{ mediaJob: Job }, { titleId: string }>(
  `subscription MediaJob($titleId: ID!) { mediaJob(titleId: $titleId) { ${JOB} } }`,
)
const RETRY = gql<unknown, { titleId: string }>(
  `mutation Retry($titleId: ID!) { retryTranscode(titleId: $titleId) { id status } }`,
)

/** The job as the platform tells it, step by step; `known` until the first word. */
export function useJob(titleId: string, known: Job | null, pause = false): Job | null {
  const [{ data }] = useSubscription({ query: WATCH, variables: { titleId }, pause })
  return data?.mediaJob ?? known
}

export const Renditions = ({ job }: { readonly job: Job }) => (
  <Group gap={6}>
    {job.renditions.map(({ heightPx, state }) => (
      <Badge key={heightPx} tt="none" variant={state === 'ready' ? 'filled' : 'default'} color="teal.9">
        {heightPx}p{state === 'encoding' ? ' …' : ''}
      </Badge>
    ))}
  </Group>
)

export function JobFailure({ titleId, job }: { readonly titleId: string; readonly job: Job }) {
  const [, retry] = useMutation(RETRY)
  const toast = useToast()
  if (job.failure === null) return null
  return (
    <Alert color="red" title={job.failure.message} role="alert">
      {job.failure.fix}
      <Group mt="sm">
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            void retry({ titleId }).then(({ error }) => {
              if (error)
                toast({ text: error.graphQLErrors[0]?.message ?? 'It cannot be tried again.', failed: true })
            })
          }
        >
          Try again
        </Button>
      </Group>
    </Alert>
  )
}

export function JobCard({ titleId, job: known }: { readonly titleId: string; readonly job: Job }) {
  const job = useJob(titleId, known) ?? known
  return (
    <Card withBorder>
      <Group justify="space-between" mb={6}>
        <Text fw={600}>{job.step}</Text>
        <Renditions job={job} />
      </Group>
      {job.failure === null ? (
        <Progress value={job.progress * 100} aria-label="Making it playable" />
      ) : (
        <JobFailure titleId={titleId} job={job} />
      )}
    </Card>
  )
}
