/** Upload: drop or pick files, watch them go over, and see each become playable. */
import { Button, Card, Container, FileButton, Stack, Text, Title } from '@mantine/core'
import { IconCloudUpload } from '@tabler/icons-react'
import { type DragEvent, useState, useSyncExternalStore } from 'react'
import { useClient } from 'urql'
import { VIDEO_FILES } from './job.tsx'
import { UploadItem } from './upload-item.tsx'
import { queueOf } from './upload-queue.ts'

export function UploadPage() {
  const queue = queueOf(useClient())
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
              Any format is fine. It can be paused, and goes on after a lost connection. After a closed page,
              choose the same file again.
            </Text>
            <FileButton onChange={(files) => queue.add(files)} multiple accept={VIDEO_FILES}>
              {(props) => (
                <Button mt="xs" {...props}>
                  Choose files
                </Button>
              )}
            </FileButton>
          </Stack>
        </Card>
        {items.map((item) => (
          <UploadItem key={item.key} item={item} queue={queue} />
        ))}
      </Stack>
    </Container>
  )
}
