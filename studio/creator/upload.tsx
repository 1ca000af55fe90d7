/** Upload: drop or pick files, watch them go over, and see each become playable. */
import {
  ActionIcon,
  Alert,
  Button,
  Card,
  Container,
  FileButton,
  Group,
  Progress,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { IconCloudUpload, IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type DragEvent, useState, useSyncExternalStore } from 'react'
import { type Client, useClient } from 'urql'
import { JobFailure, Renditions, useJob } from './job.tsx'
import { createUploadQueue, type UploadItem, type UploadQueue } from './upload-queue.ts'

/** One queue for as long as the page lives, so that uploads go on while the creator looks elsewhere. */
const queues = new WeakMap<Client, UploadQueue>()

function queueOf(client: Client): UploadQueue {
  const known = queues.get(client)
  if (known !== undefined) return known
  const made = createUploadQueue(client)
  queues.set(client, made)
  return made
}

const bytes = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(1)} GB`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(1)} MB`
      : `${Math.ceil(n / 1e3)} kB`

function remaining({ file, sentBytes, speed }: UploadItem): string {
  if (speed <= 0) return ''
  const seconds = Math.ceil((file.size - sentBytes) / speed)
  return seconds > 90 ? `, about ${Math.ceil(seconds / 60)} min left` : `, about ${seconds} s left`
}

export function UploadPage() {
  const client = useClient()
  const queue = queueOf(client)
  const items = useSyncExternalStore(queue.listen, queue.items)
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    queue.add([...event.dataTransfer.files])
  }
  return (
    <Container size="md" px={0}>
      <Stack>
        <Title order={1} size="h2">
          Upload
        </Title>
        <Card
          withBorder
          padding="xl"
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
          style={{
            borderStyle: 'dashed',
            borderWidth: 2,
            ...(over && { borderColor: 'var(--mantine-primary-color-filled)' }),
          }}
        >
          <Stack align="center" gap="xs">
            <IconCloudUpload size={44} stroke={1.4} aria-hidden />
            <Text fw={600}>Drop videos here</Text>
            <Text size="sm" c="dimmed" ta="center">
              Any format is fine. It can be paused, and goes on after a lost connection.
            </Text>
            <FileButton
              onChange={(files) => queue.add(files)}
              multiple
              accept="video/*,.mkv,.ts,.mov,.avi,.webm"
            >
              {(props) => (
                <Button mt="xs" {...props}>
                  Choose files
                </Button>
              )}
            </FileButton>
          </Stack>
        </Card>
        {items.map((item) => (
          <Item key={item.key} item={item} queue={queue} />
        ))}
      </Stack>
    </Container>
  )
}

function Item({ item, queue }: { readonly item: UploadItem; readonly queue: UploadQueue }) {
  const { file, key, state, sentBytes, speed, titleId, problem } = item
  const share = file.size === 0 ? 0 : sentBytes / file.size
  return (
    <Card withBorder data-testid="upload">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} truncate>
          {file.name}
        </Text>
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
          {(state === 'paused' || (state === 'failed' && titleId !== null)) && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlayerPlay size={14} />}
              onClick={() => queue.resume(key)}
            >
              Go on
            </Button>
          )}
          {state !== 'received' && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Cancel ${file.name}`}
              onClick={() => queue.cancel(key)}
            >
              <IconX size={18} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      {problem !== null && (
        <Alert color="red" role="alert" my="xs">
          {problem}
        </Alert>
      )}
      {state === 'received' && titleId !== null ? (
        <Making titleId={titleId} />
      ) : (
        <>
          <Progress value={share * 100} aria-label={`Upload of ${file.name}`} my={6} />
          <Text size="sm" c="dimmed">
            {bytes(sentBytes)} of {bytes(file.size)}
            {state === 'uploading' && speed > 0 && ` · ${bytes(speed)}/s${remaining(item)}`}
            {state === 'paused' && ' · paused'}
            {state === 'waiting' && ' · about to begin'}
          </Text>
        </>
      )}
    </Card>
  )
}

/** After the last byte: the transcode, live. */
function Making({ titleId }: { readonly titleId: string }) {
  const job = useJob(titleId, null)
  if (job === null) return <Text c="dimmed">Received. Looking at it…</Text>
  const playable = job.renditions.some((rendition) => rendition.state === 'ready')
  return (
    <Stack gap={6} mt={6}>
      {job.failure === null ? (
        <Progress value={job.progress * 100} aria-label="Making it playable" color="teal.9" />
      ) : (
        <JobFailure titleId={titleId} job={job} />
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
