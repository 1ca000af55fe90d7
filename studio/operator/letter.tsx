/** One dead letter: why it is here, what was received, and what a replay made of it. */
import { Badge, Button, Card, Code, Collapse, Group, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { formatRelative } from '../shared/format.ts'
import type { Letter as LetterData } from './letters-query.ts'

const STATES: Record<LetterData['state'], string> = {
  waiting: 'Waiting',
  stored: 'Replayed',
  present: 'Was there already',
}

/** JSON is laid out; what is not JSON, which may be why it is here, stays as it came. */
function prettyBody({ body, bodyEncoding }: LetterData): string {
  if (bodyEncoding === 'base64') return body
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

const Fact = ({ name, children }: { readonly name: string; readonly children: string }) => (
  <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
    <Text span c="dimmed">
      {name}{' '}
    </Text>
    {children}
  </Text>
)

export function Letter({
  letter,
  replay,
  busy,
}: {
  readonly letter: LetterData
  readonly replay: () => void
  readonly busy: boolean
}) {
  const [opened, { toggle }] = useDisclosure()
  const { id, reason, detail, claimedType, receivedAt, state } = letter
  return (
    <Card withBorder component="article" aria-label={`Dead letter: ${detail}`} data-testid="letter">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <UnstyledButton
          onClick={toggle}
          aria-expanded={opened}
          aria-controls={`letter-${id}`}
          style={{ minWidth: 0, flex: 1 }}
        >
          <Group gap="xs" mb={4}>
            <Badge variant="default" tt="none">
              {reason}
            </Badge>
            {state !== 'waiting' && (
              <Badge color="teal.9" variant="filled" tt="none">
                {STATES[state]}
              </Badge>
            )}
            <Text size="xs" c="dimmed">
              {formatRelative(receivedAt)}
            </Text>
          </Group>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {detail}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {claimedType ?? 'claims no type'}
          </Text>
        </UnstyledButton>
        {state === 'waiting' && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={replay}
            loading={busy}
            aria-label={`Replay: ${detail}`}
          >
            Replay
          </Button>
        )}
      </Group>
      <Collapse expanded={opened} id={`letter-${id}`}>
        <Facts letter={letter} />
        <Code
          block
          mt="xs"
          tabIndex={0}
          style={{ maxHeight: 360, overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {prettyBody(letter)}
        </Code>
      </Collapse>
    </Card>
  )
}

function Facts({ letter }: { readonly letter: LetterData }) {
  const { id, schema, stream, partition, offset, bodyBytes, isCut, bodyEncoding, replays, replayedAt } =
    letter
  const { firstReason, reason } = letter
  const encoded = bodyEncoding === 'base64' ? ', not UTF-8: shown in base64' : ''
  const kept = isCut ? ', of which only a part was kept' : ''
  return (
    <div style={{ marginTop: 12 }}>
      <Fact name="Checked against">{schema ?? 'nothing: it did not come so far'}</Fact>
      {stream !== null && <Fact name="Would go to">{stream}</Fact>}
      <Fact name="Stands at">{`collector.dlq.v1, partition ${partition}, offset ${offset}`}</Fact>
      <Fact name="Received">{`${bodyBytes.toLocaleString('en')} bytes${kept}${encoded}`}</Fact>
      {firstReason !== reason && <Fact name="First set aside as">{firstReason}</Fact>}
      {replayedAt !== null && (
        <Fact name="Replayed">{`${replays} times, last ${formatRelative(replayedAt)}`}</Fact>
      )}
      <Fact name="Id">{id}</Fact>
    </div>
  )
}
