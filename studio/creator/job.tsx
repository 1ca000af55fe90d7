/** A transcode job as it goes: what happens now, which renditions play, what went wrong and what to do about it. */
import { Alert, Badge, Button, Card, FileButton, Group, Progress, Text } from '@mantine/core'
import { gql } from '@urql/core'
import { useEffect, useEffectEvent } from 'react'
import { useClient, useMutation, useSubscription } from 'urql'
import { problemOf } from '../shared/problem.ts'
import { useToast } from '../shared/toast.tsx'
import { queueOf } from './upload-queue.ts'

export const VIDEO_FILES = 'video/*,.mkv,.ts,.mov,.avi,.webm'

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
  /** Its source is still here. */
  readonly retriable: boolean
}
export const JOB = `id state progress step encoder renditions { heightPx bitrateKbps state }
  failure { code message fix } retriable`

const WATCH = gql<{ mediaJob: Job }, { titleId: string }>(
  `subscription MediaJob($titleId: ID!) { mediaJob(titleId: $titleId) { ${JOB} } }`,
)
const RETRY = gql<unknown, { titleId: string }>(
  `mutation Retry($titleId: ID!) { retryTranscode(titleId: $titleId) { id status } }`,
)

/**
 * The job as the platform tells it, step by step; `known` until the first word. `again` follows it after its end;
 * `onDone` is told when it is done.
 */
export function useJob(
  titleId: string,
  known: Job | null,
  onDone?: () => void,
): [job: Job | null, again: () => void] {
  const [{ data }, again] = useSubscription({ query: WATCH, variables: { titleId } })
  const state = data?.mediaJob.state
  const tell = useEffectEvent(() => onDone?.())
  useEffect(() => {
    if (state === 'done') tell()
  }, [state])
  return [data?.mediaJob ?? known, again]
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

type ChooseProps = { readonly titleId: string; readonly children: string }

/** Gives a title that has no video its file. */
export function ChooseFile({ titleId, children }: ChooseProps) {
  const queue = queueOf(useClient())
  return (
    <FileButton onChange={(file) => file !== null && queue.add([file], titleId)} accept={VIDEO_FILES}>
      {(props) => (
        <Button size="compact-sm" variant="default" {...props}>
          {children}
        </Button>
      )}
    </FileButton>
  )
}

type FailureProps = { readonly titleId: string; readonly job: Job; readonly onRetried: () => void }

/** What went wrong and what to do: another file, or, where it can help, the same again. */
export function JobFailure({ titleId, job, onRetried }: FailureProps) {
  const [{ fetching }, retry] = useMutation(RETRY)
  const toast = useToast()
  if (job.failure === null) return null
  const tryAgain = async (): Promise<void> => {
    const { error } = await retry({ titleId })
    if (error !== undefined) toast({ text: problemOf(error), failed: true })
    // Also after a refusal: the job is then no longer as it was shown.
    onRetried()
  }
  return (
    <Alert color="red" title={job.failure.message} role="alert">
      {job.failure.fix}
      <Group mt="sm">
        {job.retriable && (
          <Button size="compact-sm" variant="default" loading={fetching} onClick={() => void tryAgain()}>
            Try again
          </Button>
        )}
        <ChooseFile titleId={titleId}>Choose another file</ChooseFile>
      </Group>
    </Alert>
  )
}

type CardProps = { readonly titleId: string; readonly job: Job; readonly onDone: () => void }

export function JobCard({ titleId, job: known, onDone }: CardProps) {
  const [now, again] = useJob(titleId, known, onDone)
  const job = now ?? known
  return (
    <Card withBorder data-testid="job">
      <Group justify="space-between" mb={6}>
        <Text fw={600} role="status">
          {job.step}
        </Text>
        <Renditions job={job} />
      </Group>
      {job.failure === null ? (
        <Progress value={job.progress * 100} aria-label="Making it playable" />
      ) : (
        <JobFailure titleId={titleId} job={job} onRetried={again} />
      )}
      {job.state === 'uploading' && (
        <Group mt="sm">
          <ChooseFile titleId={titleId}>Choose the file</ChooseFile>
        </Group>
      )}
    </Card>
  )
}
