/** The creator's titles, newest first, with their state and when they were published. */
import { Badge, Button, Container, Group, Image, Table, Text, Title } from '@mantine/core'
import { gql } from '@urql/core'
import { useState } from 'react'
import { Empty } from '../shared/empty.tsx'
import { formatCount, formatDuration, formatRelative } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'

type Row = {
  id: string
  name: string
  posterUrl: string
  status: string
  durationMs: number | null
  publishedAt: number | null
}
type Connection = {
  totalCount: number
  pageInfo: { endCursor: string | null; hasNextPage: boolean }
  edges: { node: Row }[]
}
const TITLES = gql<{ studio: { titles: Connection } }, { after: string | null }>`
  query StudioTitles($after: String) {
    studio { titles(after: $after) {
      totalCount pageInfo { endCursor hasNextPage }
      edges { node { id name posterUrl status durationMs publishedAt } }
    } }
  }
`

const TitleRow = ({ row, now }: { readonly row: Row; readonly now: number }) => (
  <Table.Tr>
    <Table.Td>
      <Group wrap="nowrap" gap="sm">
        <Image src={row.posterUrl} alt="" w={64} h={36} radius="sm" />
        <Text size="sm" fw={550}>
          {row.name}
        </Text>
      </Group>
    </Table.Td>
    <Table.Td>
      <Badge variant="default" tt="none">
        {row.status}
      </Badge>
    </Table.Td>
    <Table.Td ta="right">{formatDuration(row.durationMs)}</Table.Td>
    <Table.Td>{row.publishedAt === null ? 'Not published' : formatRelative(row.publishedAt, now)}</Table.Td>
  </Table.Tr>
)

const TitleTable = ({ rows, now }: { readonly rows: readonly Row[]; readonly now: number }) => (
  <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
    <Table highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Title</Table.Th>
          <Table.Th>Status</Table.Th>
          <Table.Th ta="right">Length</Table.Th>
          <Table.Th>Published</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <TitleRow key={row.id} row={row} now={now} />
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
)

export function Titles() {
  const [now] = useState(() => Date.now())
  const [cursors, setCursors] = useState<readonly string[]>([])
  return (
    <Container size="lg" px={0}>
      <Title order={1} size="h2" mb="md">
        Titles
      </Title>
      <Query query={TITLES} variables={{ after: cursors.at(-1) ?? null }}>
        {({
          studio: {
            titles: {
              edges,
              pageInfo: { endCursor, hasNextPage },
              totalCount,
            },
          },
        }) =>
          edges.length === 0 ? (
            <Empty title="No titles yet">What you publish is listed here.</Empty>
          ) : (
            <>
              <TitleTable rows={edges.map(({ node }) => node)} now={now} />
              <Group justify="space-between" mt="md">
                <Text size="sm" c="dimmed">
                  {formatCount(totalCount)} titles
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
                    disabled={!hasNextPage}
                    onClick={() => endCursor !== null && setCursors([...cursors, endCursor])}
                  >
                    Older
                  </Button>
                </Group>
              </Group>
            </>
          )
        }
      </Query>
    </Container>
  )
}
