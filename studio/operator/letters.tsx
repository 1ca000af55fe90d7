/** For operators: what the collector could not accept, by reason, and taking it again after a fix. */
import { Alert, Button, Chip, Container, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { Empty } from '../shared/empty.tsx'
import { formatCount } from '../shared/format.ts'
import { Query } from '../shared/query.tsx'
import { Letter } from './letter.tsx'
import { type Filter, LETTERS, type Letter as LetterData, REPLAY, type Replayed } from './letters-query.ts'

const SHOWN = [
  { value: 'waiting', label: 'Waiting' },
  { value: 'all', label: 'All' },
]

/** `?reason=` leads here from the ledger. */
const reasonAsked = (): string | null => new URLSearchParams(globalThis.location.search).get('reason')

export function LettersPage() {
  const [reason, setReason] = useState(reasonAsked)
  const [shown, setShown] = useState('waiting')
  const [cursors, setCursors] = useState<readonly string[]>([])
  const [said, setSaid] = useState<{ readonly text: string; readonly failed: boolean } | null>(null)
  const filter: Filter = {
    ...(reason === null ? {} : { reason }),
    ...(shown === 'waiting' ? { state: 'waiting' as const } : {}),
  }
  const narrow = (change: () => void): void => {
    change()
    setCursors([])
    setSaid(null)
  }
  return (
    <Container size="lg" px={0}>
      <Group justify="space-between" mb="md" align="flex-end">
        <div>
          <Title order={1} size="h2">
            Dead letters
          </Title>
          <Text c="dimmed">Events nobody could accept, whole, until somebody has looked.</Text>
        </div>
        <SegmentedControl
          aria-label="Which"
          value={shown}
          onChange={(value) => narrow(() => setShown(value))}
          data={SHOWN}
        />
      </Group>
      {said !== null && (
        <Alert
          role="status"
          mb="md"
          variant="outline"
          color={said.failed ? 'yellow' : 'teal'}
          withCloseButton
          closeButtonLabel="Close"
          onClose={() => setSaid(null)}
          styles={{
            title: { color: 'var(--mantine-color-text)' },
            message: { color: 'var(--mantine-color-text)' },
          }}
        >
          {said.text}
        </Alert>
      )}
      <Query
        key={JSON.stringify([filter, cursors])}
        query={LETTERS}
        variables={{ filter, after: cursors.at(-1) ?? null }}
      >
        {({ deadLetters: { edges, counts, pageInfo } }, again) => (
          <Stack>
            <Reasons counts={counts} reason={reason} onPick={(picked) => narrow(() => setReason(picked))} />
            <Letters
              letters={edges.map(({ node }) => node)}
              again={again}
              say={setSaid}
              isNarrowed={reason !== null}
            />
            <Group justify="center">
              {cursors.length > 0 && (
                <Button variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
                  Newer
                </Button>
              )}
              {pageInfo.hasNextPage && pageInfo.endCursor !== null && (
                <Button variant="default" onClick={() => setCursors([...cursors, pageInfo.endCursor ?? ''])}>
                  Older
                </Button>
              )}
            </Group>
          </Stack>
        )}
      </Query>
    </Container>
  )
}

const Reasons = ({
  counts,
  reason,
  onPick,
}: {
  readonly counts: readonly { readonly reason: string; readonly count: number }[]
  readonly reason: string | null
  readonly onPick: (reason: string | null) => void
}) => {
  const known = counts.some((one) => one.reason === reason)
  const all = reason === null || known ? counts : [...counts, { reason, count: 0 }]
  return (
    <Group gap="xs" role="group" aria-label="Reasons">
      {all.map((one) => (
        <Chip
          key={one.reason}
          checked={one.reason === reason}
          onChange={(on) => onPick(on ? one.reason : null)}
        >
          {one.reason} {formatCount(one.count)}
        </Chip>
      ))}
    </Group>
  )
}

/** What became of a replay, in words. */
function wordsOf(replayed: readonly Replayed[]): { text: string; failed: boolean } {
  const of = (outcome: Replayed['outcome']): number =>
    replayed.filter((one) => one.outcome === outcome).length
  const failed = replayed.filter((one) => one.outcome === 'failed')
  const parts = [
    of('stored') > 0 && `${of('stored')} stored`,
    of('present') > 0 && `${of('present')} there already`,
    failed.length > 0 && `${failed.length} failed again`,
  ].filter((part) => part !== false)
  const why = failed[0] === undefined ? '' : `: ${failed[0].reason}, ${failed[0].detail}`
  return { text: `${parts.join(', ')}${why}.`, failed: failed.length > 0 }
}

function Letters({
  letters,
  again,
  say,
  isNarrowed,
}: {
  readonly letters: readonly LetterData[]
  readonly again: () => void
  readonly say: (said: { text: string; failed: boolean }) => void
  readonly isNarrowed: boolean
}) {
  const [, replay] = useMutation(REPLAY)
  const [busy, setBusy] = useState<readonly string[]>([])
  const waiting = letters.filter(({ state }) => state === 'waiting').map(({ id }) => id)
  const take = async (ids: readonly string[]): Promise<void> => {
    setBusy(ids)
    const { data, error } = await replay({ ids })
    setBusy([])
    if (data === undefined) {
      say({ text: error?.graphQLErrors[0]?.message ?? 'The platform did not answer.', failed: true })
      return
    }
    say(wordsOf(data.replayDeadLetters.replayed))
    again()
  }
  if (letters.length === 0) {
    return (
      <Empty title={isNarrowed ? 'None of this reason' : 'No dead letters'}>
        {isNarrowed ? 'Take the reason off to see the others.' : 'Everything that came could be taken.'}
      </Empty>
    )
  }
  return (
    <>
      {waiting.length > 1 && (
        <Group justify="flex-end">
          <Button
            variant="default"
            onClick={() => void take(waiting)}
            loading={busy.length > 1}
            disabled={busy.length === 1}
          >
            Replay these {waiting.length}
          </Button>
        </Group>
      )}
      {letters.map((letter) => (
        <Letter
          key={letter.id}
          letter={letter}
          replay={() => void take([letter.id])}
          busy={busy.includes(letter.id)}
        />
      ))}
    </>
  )
}
