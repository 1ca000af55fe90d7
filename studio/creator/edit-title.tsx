/** Editing what viewers read of a title, in a drawer beside the list. */
import { Alert, Button, Drawer, Group, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { problemOf } from '../shared/problem.ts'
import { useToast } from '../shared/toast.tsx'

export type Editable = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly genres: readonly string[]
  readonly publishedAt: number | null
}
type Input = { name: string; description: string; genres: string[]; published?: boolean }
const UPDATE = gql<unknown, { id: string; input: Input }>(
  `mutation UpdateTitle($id: ID!, $input: UpdateTitleInput!) {
    updateTitle(id: $id, input: $input) { id name description genres publishedAt } }`,
)

export function EditTitle({
  title,
  onClose,
}: {
  readonly title: Editable
  readonly onClose: (changed: boolean) => void
}) {
  const [name, setName] = useState(title.name)
  const [description, setDescription] = useState(title.description)
  const [genres, setGenres] = useState([...title.genres])
  const [published, setPublished] = useState(title.publishedAt !== null)
  const [{ fetching, error }, update] = useMutation(UPDATE)
  const toast = useToast()
  const save = async (): Promise<void> => {
    const changed = published !== (title.publishedAt !== null)
    const input = { name, description, genres, ...(changed ? { published } : {}) }
    const result = await update({ id: title.id, input })
    if (result.error !== undefined) return
    toast({ text: `“${name}” is saved.` })
    onClose(true)
  }
  return (
    <Drawer opened onClose={() => onClose(false)} title="Edit title" position="right">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Textarea
            label="Description"
            autosize
            minRows={4}
            maxLength={5000}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <TagsInput
            label="Genres"
            description="The main one first"
            maxTags={8}
            value={genres}
            onChange={setGenres}
          />
          <Switch
            label="Published"
            description="Viewers can find it"
            checked={published}
            onChange={(event) => setPublished(event.currentTarget.checked)}
          />
          {error !== undefined && (
            <Alert color="red" role="alert" title="It is not saved">
              {problemOf(error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => onClose(false)}>
              Cancel
            </Button>
            <Button type="submit" loading={fetching}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}
