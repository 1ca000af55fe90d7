/** Search by name and genre: what is asked stands in the address, so that it can be shared and gone back to. */
import { Chip, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Empty } from '../shared/empty.tsx'
import { GENRES, SEARCH } from './queries.ts'
import { TitleGrid } from './title-grid.tsx'
import './viewer.css'

const TYPING_MS = 180

type Asked = { readonly q: string; readonly genre: string | null }

function useAsked() {
  const found = useSearch({ strict: false }) as { q?: string | number; genre?: string | null }
  const q = found.q === undefined ? '' : String(found.q)
  const genre = found.genre ?? null
  const navigate = useNavigate()
  const go = (next: Asked): void => {
    if (next.q === q && next.genre === genre) return
    const search = new URLSearchParams()
    if (next.q !== '') search.set('q', next.q)
    if (next.genre !== null) search.set('genre', next.genre)
    void navigate({ href: `/search?${search.toString()}`, replace: true })
  }
  return { q, genre, go }
}

export function SearchPage() {
  const { q, genre, go } = useAsked()
  const [text, setText] = useState(q)
  const [typed] = useDebouncedValue(text, TYPING_MS)
  const asked = `${q}/${genre ?? ''}`
  const [counted, setCounted] = useState<{ readonly of: string; readonly total: number } | null>(null)
  // A count is of its own question: while the next answer is on its way, none is said.
  const total = counted?.of === asked ? counted.total : null
  const [{ data }] = useQuery({ query: GENRES, variables: {} })
  const latest = useRef(go)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    latest.current = go
  })
  useEffect(() => {
    latest.current({ q: typed.trim(), genre })
  }, [typed, genre])
  useEffect(() => field.current?.focus({ preventScroll: true }), [])
  const pick = (name: string): void => go({ q, genre: name === '' || name === genre ? null : name })
  return (
    <Stack className="sv-page">
      <Title order={1} size="h2">
        Search
      </Title>
      <TextInput
        ref={field}
        type="search"
        size="md"
        aria-label="Name of a title"
        placeholder="Name of a title"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        leftSection={<IconSearch size={18} />}
      />
      <Chip.Group value={genre ?? ''} onChange={(value) => pick(String(value))}>
        <fieldset aria-label="Genres" className="sv-chips">
          <Chip value="">All</Chip>
          {(data?.genres ?? []).map((name) => (
            <Chip key={name} value={name} tt="capitalize">
              {name}
            </Chip>
          ))}
        </fieldset>
      </Chip.Group>
      <Text component="output" size="sm" c="dimmed" mih="1.5em">
        {total === null ? '' : total === 1 ? '1 title' : `${total} titles`}
        {q !== '' && total !== null && ` with “${q}”`}
      </Text>
      <TitleGrid
        query={SEARCH}
        variables={{ text: q === '' ? null : q, genre }}
        onCount={(count) => setCounted({ of: asked, total: count })}
        empty={<Empty title="Nothing by that name">Try fewer letters, or look through a genre.</Empty>}
      />
    </Stack>
  )
}
