/** One upload as its creator sees it: going over, then becoming playable, with what can be done at each moment. */
import { ActionIcon, Alert, Button, Card, Group, Progress, Stack, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useToast } from '../shared/toast.tsx'
import { JobFailure, Renditions, useJob } from './job.tsx'
import type { UploadItem as Item, UploadQueue } from './upload-queue.ts'

const bytes = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(1)} GB`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(1)} MB`
      : `${Math.ceil(n / 1e3)} kB`

function remaining({ file, sentBytes, speed }: Item): string {
  if (speed <= 0) return ''
  const seconds = Math.ceil((file.size - sentBytes) / speed)
  return seconds > 90 ? `, about ${Math.ceil(seconds / 60)} min left` : `, about ${seconds} s left`
}

type ItemProps = { readonly item: Item; readonly queue: UploadQueue; readonly onDone?: () => void }

export function UploadItem({ item, queue, onDone }: ItemProps) {
  const { file, state, titleId, problem } = item
  return (
    <Card withBorder data-testid="upload">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} truncate>
          {file.name}
        </Text>
        <Buttons item={item} queue={queue} />
      </Group>
      {problem !== null && (
        <Alert color="red" role="alert" my="xs">
          {problem}
        </Alert>
      )}
      {state === 'received' && titleId !== null ? (
        <Making titleId={titleId} onDone={onDone} />
      ) : (
        <Sending item={item} />
      )}
    </Card>
  )
}

function Buttons({ item, queue }: ItemProps) {
  const { file, key, state, titleId } = item
  const toast = useToast()
  const cancel = async (): Promise<void> => {
    const problem = await queue.cancel(key)
    if (problem !== null)
      toast({ text: `“${file.name}” is not cancelled on the platform. ${problem}`, failed: true })
  }
  if (state === 'received') return null
  const goesOn = state === 'paused' || state === 'begun' || (state === 'failed' && titleId !== null)
  return (
    <Group gap={4} wrap="nowrap">
      {state === 'uploading' && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Pause ${file.name}`}
          onClick={() => queue.pause(key)}
        >
          <IconPlayerPause size={18} />
        </ActionIcon>
      )}
      {goesOn && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => queue.resume(key)}
        >
          Go on
        </Button>
      )}
      {state === 'begun' && (
        <Button size="compact-sm" variant="default" onClick={() => queue.startOver(key)}>
          Start over
        </Button>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Cancel ${file.name}`}
        onClick={() => void cancel()}
      >
        <IconX size={18} />
      </ActionIcon>
    </Group>
  )
}

function Sending({ item }: { readonly item: Item }) {
  const { file, state, sentBytes, speed } = item
  if (state === 'begun') {
    return (
      <Text size="sm" c="dimmed" role="status">
        This file was being uploaded before. It can go on where it stopped.
      </Text>
    )
  }
  const share = file.size === 0 ? 0 : sentBytes / file.size
  return (
    <>
      <Progress value={share * 100} aria-label={`Upload of ${file.name}`} my={6} />
      <Text size="sm" c="dimmed">
        {bytes(sentBytes)} of {bytes(file.size)}
        {state === 'uploading' && speed > 0 && ` · ${bytes(speed)}/s${remaining(item)}`}
        {state === 'paused' && ' · paused'}
        {state === 'waiting' && ' · about to begin'}
      </Text>
    </>
  )
}

type MakingProps = { readonly titleId: string; readonly onDone?: (() => void) | undefined }

/** After the last byte: the transcode, live. */
function Making({ titleId, onDone }: MakingProps) {
  const [job, again] = useJob(titleId, null, onDone)
  if (job === null) return <Text c="dimmed">Received. Looking at it…</Text>
  const playable = job.renditions.some((rendition) => rendition.state === 'ready')
  return (
    <Stack gap={6} mt={6}>
      {job.failure === null ? (
        <Progress value={job.progress * 100} aria-label="Making it playable" color="teal.9" />
      ) : (
        <JobFailure titleId={titleId} job={job} onRetried={again} />
      )}
      <Group justify="space-between">
        <Text size="sm" c="dimmed" role="status">
          {job.state === 'done' ? 'Ready in every quality' : job.failure === null ? job.step : 'Not playable'}
        </Text>
        <Renditions job={job} />
      </Group>
      {job.failure === null && (
        <Group gap="xs">
          {playable && (
            <Button component={Link} to={`/watch/${titleId}` as never} size="compact-md">
              Watch it
            </Button>
          )}
          <Button
            component={Link}
            to={`/studio/titles/${titleId}` as never}
            size="compact-md"
            variant="default"
          >
            To the title
          </Button>
        </Group>
      )}
    </Stack>
  )
}
