/** Search by name and genre: what is asked stands in the address, so that it can be shared and gone back to. */
import { Chip, Container, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Empty, Failed, Loading } from '../shared/empty.tsx'
import { Card } from './card.tsx'
import { SEARCH } from './queries.ts'
import './viewer.css'

const PAGE = 60

export function SearchPage() {
  const { q = '', genre = null } = useSearch({ strict: false }) as { q?: string; genre?: string | null }
  const navigate = useNavigate()
  const [text, setText] = useState(String(q))
  const [asked] = useDebouncedValue(text, 180)
  const go = (next: { q: string; genre: string | null }): void => {
    const search = new URLSearchParams()
    if (next.q !== '') search.set('q', next.q)
    if (next.genre !== null) search.set('genre', next.genre)
    const href = `/search?${search.toString()}`
    if (next.q !== String(q) || next.genre !== genre) void navigate({ href, replace: true })
  }
  const lastGo = useRef(go)
  useEffect(() => {
    lastGo.current = go
  })
  useEffect(() => {
    lastGo.current({ q: asked, genre })
  }, [asked, genre])
  const [{ data, error }, again] = useQuery({
    query: SEARCH,
    variables: { text: String(q) === '' ? null : String(q), genre, first: PAGE },
  })
  const titles = data?.titles
  return (
    <Container size="xl" px={0}>
      <Stack>
        <Title order={1} size="h2">
          Search
        </Title>
        <TextInput
          type="search"
          size="md"
          aria-label="Name of a title"
          placeholder="Name of a title"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          leftSection={<IconSearch size={18} />}
        />
        <Chip.Group
          value={genre ?? ''}
          onChange={(value) => go({ q: String(q), genre: value === genre ? null : String(value) })}
        >
          <Group gap={6} role="group" aria-label="Genres">
            <Chip value="" checked={genre === null} onChange={() => go({ q: String(q), genre: null })}>
              All
            </Chip>
            {(data?.genres ?? []).map((name) => (
              <Chip key={name} value={name} tt="capitalize">
                {name}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        {error !== undefined && (
          <Failed
            message="The search did not answer."
            retry={() => again({ requestPolicy: 'network-only' })}
          />
        )}
        {titles === undefined && error === undefined && <Loading />}
        {titles !== undefined && (
          <>
            <Text size="sm" c="dimmed" role="status">
              {titles.totalCount === 1 ? '1 title' : `${titles.totalCount} titles`}
            </Text>
            {titles.totalCount === 0 && (
              <Empty title="Nothing by that name">Try fewer letters, or look through a genre.</Empty>
            )}
            <ul className="sv-grid">
              {titles.edges.map(({ node }) => (
                <li key={node.id}>
                  <Card title={node} place={null} />
                </li>
              ))}
            </ul>
          </>
        )}
      </Stack>
    </Container>
  )
}
