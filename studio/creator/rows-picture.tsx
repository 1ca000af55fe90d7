/** Rows counted beside rows left out and why, as one bar and in words; and what came late or twice. */
import { Group, Stack, Text } from '@mantine/core'
import { formatCount } from '../shared/format.ts'
import type { Rows } from './how-query.ts'
import './how.css'

const WORDS = { bots: 'of bots', own: 'your own', staff: 'of staff' } as const
const COLOURS = {
  counted: 'var(--mantine-color-indigo-6)',
  bots: 'var(--mantine-color-red-7)',
  own: 'var(--mantine-color-yellow-6)',
  staff: 'var(--mantine-color-teal-7)',
} as const

/** What is worth saying of rows that came late or were told twice. */
function notesOf({ what, late, repeatedEvents }: Rows): string {
  const notes: string[] = []
  if (what !== 'pieces of video delivered' && what !== 'thumbnails seen and clicked')
    notes.push(
      late === 0
        ? 'None came after their day was settled.'
        : `${formatCount(late)} ${late === 1 ? 'is' : 'are'} restated: something came after the day was settled.`,
    )
  if (repeatedEvents === null) notes.push('How many events were told twice could not be counted just now.')
  else if (repeatedEvents === 0) notes.push('No event was told twice.')
  else notes.push(`${formatCount(repeatedEvents)} events were told more than once; each counts once.`)
  return notes.join(' ')
}

export function RowsPicture({ rows }: { readonly rows: Rows }) {
  const { what, counted, leftOut } = rows
  const parts = [
    { kind: 'counted' as const, count: counted, label: `${what} counted` },
    ...leftOut.map(({ kind, views }) => ({ kind, count: views, label: `left out, ${WORDS[kind]}` })),
  ]
  const shown = parts.filter(({ kind, count }) => kind === 'counted' || count > 0)
  const words = shown.map(({ count, label }) => `${formatCount(count)} ${label}`).join(', ')
  const isAll = shown.length === 1
  return (
    <Stack gap={6}>
      {shown.some(({ count }) => count > 0) && (
        <div role="img" aria-label={`${words}.`} className="how-bar">
          {shown.map(({ kind, count }) => (
            <div
              key={kind}
              className="how-part"
              style={{ flexGrow: Math.max(count, 0), background: COLOURS[kind] }}
            />
          ))}
        </div>
      )}
      <Group gap="2px 16px" aria-hidden>
        {shown.map(({ kind, count, label }) => (
          <Group key={kind} gap={6} wrap="nowrap">
            <span className="how-key" style={{ background: COLOURS[kind] }} />
            <Text size="sm">
              <b>{formatCount(count)}</b> {label}
            </Text>
          </Group>
        ))}
        {isAll && (
          <Text size="sm" c="dimmed">
            none left out
          </Text>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {notesOf(rows)}
      </Text>
    </Stack>
  )
}
