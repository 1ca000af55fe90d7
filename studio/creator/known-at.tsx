/** A look back: figures as they were known at an earlier moment, from what had been received by then. */
import { Alert, Button, Group, Popover, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'

type KnownAtProps = {
  /** Epoch ms; null for now. */
  readonly value: number | null
  readonly onChange: (at: number | null) => void
}

const HOUR_MS = 3_600_000
const AGO = [
  ['An hour ago', HOUR_MS],
  ['A day ago', 24 * HOUR_MS],
  ['A week ago', 7 * 24 * HOUR_MS],
] as const

/** As the browser's field for date and time writes it: local time, to the minute. */
const fieldOf = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
const wordsOf = (at: number): string =>
  new Date(at).toLocaleString('en', { dateStyle: 'long', timeStyle: 'short', hour12: false })

export function KnownAtButton({ value, onChange }: KnownAtProps) {
  const [opened, { toggle, close }] = useDisclosure()
  const choose = (at: number): void => {
    close()
    onChange(at)
  }
  return (
    <Popover
      opened={opened}
      onChange={close}
      position="bottom-end"
      width={340}
      shadow="md"
      trapFocus
      withRoles
    >
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconHistory size={16} stroke={1.75} aria-hidden />}
          onClick={toggle}
        >
          {value === null ? 'As of now' : 'As known then'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="As known at a moment">
        <Moment value={value} choose={choose} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Moment({ value, choose }: { readonly value: number | null; readonly choose: (at: number) => void }) {
  const [now, setNow] = useState(() => Date.now())
  const [text, setText] = useState(fieldOf(value ?? now - HOUR_MS))
  const at = new Date(text).getTime()
  const problem = Number.isNaN(at) ? 'Say a day and a time.' : at > now ? 'That is yet to come.' : null
  const show = (event: FormEvent): void => {
    event.preventDefault()
    if (problem === null) choose(at)
  }
  return (
    <form onSubmit={show} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          See the figures as they were known at an earlier moment, before late events changed them.
        </Text>
        <TextInput
          type="datetime-local"
          label="Moment"
          value={text}
          max={fieldOf(now)}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setNow(Date.now())
          }}
          error={problem}
          data-autofocus
        />
        <Group gap="xs">
          {AGO.map(([label, ms]) => (
            <Button key={label} size="compact-sm" variant="light" onClick={() => choose(now - ms)}>
              {label}
            </Button>
          ))}
        </Group>
        <Button type="submit" disabled={problem !== null}>
          Show
        </Button>
      </Stack>
    </form>
  )
}

/** Stands above figures that are not those of now, and leads back. */
export function KnownAtNote({ value, onChange }: KnownAtProps) {
  if (value === null) return null
  return (
    <Alert
      mb="md"
      variant="light"
      icon={<IconHistory size={18} aria-hidden />}
      title={`As known on ${wordsOf(value)}`}
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          Periods end there, and what was received later is left out. The first look takes a while: views are
          built as they were.
        </Text>
        <Button size="compact-md" variant="default" onClick={() => onChange(null)}>
          Back to now
        </Button>
      </Group>
    </Alert>
  )
}
