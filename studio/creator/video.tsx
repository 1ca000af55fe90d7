/** The video of a title, for its creator, while there is something to say of it: another file going over, or its job. */
import { Card, Group, Text } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { useClient } from 'urql'
import { ChooseFile, type Job, JobCard } from './job.tsx'
import { UploadItem } from './upload-item.tsx'
import { queueOf } from './upload-queue.ts'

type VideoProps = {
  readonly title: { readonly id: string; readonly status: string; readonly job: Job | null }
  /** Reads the title anew. */
  readonly again: () => void
}

export function Video({ title: { id, status, job }, again }: VideoProps) {
  const queue = queueOf(useClient())
  const uploads = useSyncExternalStore(queue.listen, queue.items)
  const mine = uploads.filter(({ titleId }) => titleId === id)
  if (mine.length > 0) {
    return mine.map((item) => <UploadItem key={item.key} item={item} queue={queue} onDone={again} />)
  }
  if (job === null && status === 'draft') {
    return (
      <Card withBorder>
        <Group justify="space-between">
          <Text fw={600}>There is no file yet</Text>
          <ChooseFile titleId={id}>Choose the file</ChooseFile>
        </Group>
      </Card>
    )
  }
  return job === null || job.state === 'done' ? null : <JobCard titleId={id} job={job} onDone={again} />
}
