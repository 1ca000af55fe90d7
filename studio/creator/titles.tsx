/** The creator's titles: find, filter, edit, remove and take back, try a failed one again. */
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Container,
  Group,
  Image,
  Menu,
  NativeSelect,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconDots, IconSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatDuration, formatRelative } from '../shared/format.ts'
import { problemOf } from '../shared/problem.ts'
import { Query } from '../shared/query.tsx'
import { useToast } from '../shared/toast.tsx'
import { type Editable, EditTitle } from './edit-title.tsx'

type Row = Editable & {
  readonly posterUrl: string
  readonly status: string
  readonly durationMs: number | null
}
type Connection = {
  readonly totalCount: number
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  readonly edges: readonly { readonly node: Row }[]
}
type Variables = { after: string | null; text: string | null; status: string | null }
const TITLES = gql<{ studio: { titles: Connection } }, Variables>(
  `query StudioTitles($after: String, $text: String, $status: TitleStatus) {
    studio { titles(after: $after, text: $text, status: $status) {
      totalCount pageInfo { endCursor hasNextPage }
      edges { node { id name description genres posterUrl status durationMs publishedAt } } } } }`,
)
const REMOVE = gql<unknown, { id: string }>(
  `mutation Remove($id: ID!) { removeTitle(id: $id) { id status } }`,
)
const RESTORE = gql<unknown, { id: string }>(
  `mutation Restore($id: ID!) { restoreTitle(id: $id) { id status } }`,
)
const STATUSES = ['', 'ready', 'processing', 'draft', 'failed', 'simulated', 'removed']

export function Titles() {
  const [now] = useState(() => Date.now())
  const [typed, setTyped] = useState('')
  const [text] = useDebouncedValue(typed, 200)
  const [status, setStatus] = useState('')
  const [cursors, setCursors] = useState<readonly string[]>([])
  const [editing, setEditing] = useState<Row | null>(null)
  const variables = {
    after: cursors.at(-1) ?? null,
    text: text === '' ? null : text,
    status: status === '' ? null : status,
  }
  return (
    <Container size="xl" px={0}>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h2">
          Titles
        </Title>
        <Button component={Link} to={'/studio/upload' as never}>
          Upload
        </Button>
      </Group>
      <Group mb="sm">
        <TextInput
          type="search"
          aria-label="Find a title"
          placeholder="Find a title"
          leftSection={<IconSearch size={16} />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setCursors([])
          }}
        />
        <NativeSelect
          aria-label="Status"
          data={STATUSES.map((value) => ({ value, label: value === '' ? 'Any status' : value }))}
          value={status}
          onChange={(event) => {
            setStatus(event.currentTarget.value)
            setCursors([])
          }}
        />
      </Group>
      <Query query={TITLES} variables={variables}>
        {({ studio: { titles } }, again) => (
          <>
            {titles.edges.length === 0 ? (
              <Empty title={text === '' && status === '' ? 'No titles yet' : 'Nothing fits'}>
                {text === '' && status === ''
                  ? 'What you upload is listed here.'
                  : 'Try fewer letters or any status.'}
              </Empty>
            ) : (
              <TitleTable
                rows={titles.edges.map(({ node }) => node)}
                now={now}
                onEdit={setEditing}
                again={again}
              />
            )}
            <Pager titles={titles} cursors={cursors} setCursors={setCursors} />
            {editing !== null && (
              <EditTitle
                key={editing.id}
                title={editing}
                onClose={(changed) => {
                  setEditing(null)
                  if (changed) again()
                }}
              />
            )}
          </>
        )}
      </Query>
    </Container>
  )
}

type PagerProps = {
  readonly titles: Connection
  readonly cursors: readonly string[]
  readonly setCursors: (cursors: readonly string[]) => void
}
const Pager = ({ titles: { totalCount, pageInfo }, cursors, setCursors }: PagerProps) => (
  <Group justify="space-between" mt="md">
    <Text size="sm" c="dimmed" role="status">
      {totalCount === 1 ? '1 title' : `${formatCount(totalCount)} titles`}
    </Text>
    <Group gap="xs">
      <Button
        variant="default"
        disabled={cursors.length === 0}
        onClick={() => setCursors(cursors.slice(0, -1))}
      >
        Newer
      </Button>
      <Button
        variant="default"
        disabled={!pageInfo.hasNextPage}
        onClick={() => pageInfo.endCursor !== null && setCursors([...cursors, pageInfo.endCursor])}
      >
        Older
      </Button>
    </Group>
  </Group>
)

type TableProps = {
  readonly rows: readonly Row[]
  readonly now: number
  readonly onEdit: (row: Row) => void
  readonly again: () => void
}
const TitleTable = ({ rows, now, onEdit, again }: TableProps) => (
  <Table.ScrollContainer minWidth={640} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
    <Table highlightOnHover verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Title</Table.Th>
          <Table.Th>Status</Table.Th>
          <Table.Th ta="right">Length</Table.Th>
          <Table.Th>Published</Table.Th>
          <Table.Th>
            <Text span size="sm" fw={700}>
              Actions
            </Text>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            <Table.Td>
              <Group wrap="nowrap" gap="sm">
                <Image src={row.posterUrl} alt="" w={80} h={45} radius="sm" />
                <Anchor component={Link} to={`/studio/titles/${row.id}` as never} size="sm" fw={550}>
                  {row.name}
                </Anchor>
              </Group>
            </Table.Td>
            <Table.Td>
              <Badge variant="default" tt="capitalize">
                {row.status}
              </Badge>
            </Table.Td>
            <Table.Td ta="right">{formatDuration(row.durationMs)}</Table.Td>
            <Table.Td>
              {row.publishedAt === null ? 'Not published' : formatRelative(row.publishedAt, now)}
            </Table.Td>
            <Table.Td>
              <RowMenu row={row} onEdit={onEdit} again={again} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
)

function RowMenu({ row, onEdit, again }: { row: Row; onEdit: (row: Row) => void; again: () => void }) {
  const [, remove] = useMutation(REMOVE)
  const [, restore] = useMutation(RESTORE)
  const toast = useToast()
  const takeBack = async (): Promise<void> => {
    const { error } = await restore({ id: row.id })
    if (error !== undefined)
      toast({ text: `“${row.name}” is still removed. ${problemOf(error)}`, failed: true })
    again()
  }
  const takeAway = async (): Promise<void> => {
    const { error } = await remove({ id: row.id })
    if (error !== undefined)
      toast({ text: `“${row.name}” is not removed. ${problemOf(error)}`, failed: true })
    else toast({ text: `“${row.name}” is removed.`, undo: () => void takeBack() })
    again()
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${row.name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onEdit(row)}>Edit</Menu.Item>
        <Menu.Item component={Link} to={`/title/${row.id}` as never}>
          As viewers see it
        </Menu.Item>
        {row.status === 'removed' ? (
          <Menu.Item onClick={() => void takeBack()}>Take back</Menu.Item>
        ) : (
          <Menu.Item color="red" onClick={() => void takeAway()}>
            Remove
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
