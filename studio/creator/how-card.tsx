/** What a figure is, how it was computed, from which rows, and the SQL that gives it again. */
import { Button, Code, Collapse, CopyButton, Divider, Group, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Fragment, type ReactNode } from 'react'
import { formatCount } from '../shared/format.ts'
import type { Metric, Provenance } from './how-query.ts'
import { RowsPicture } from './rows-picture.tsx'
import './how.css'

const instant = (at: number): string =>
  `${new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })} UTC`
const CLOCKS: Readonly<Record<string, string>> = {
  'view start': 'A view is in the period when it starts in it.',
  'view end': 'A view is in the period when it ends in it.',
  'event time': 'What happened in the period counts.',
  now: 'What is so at the end of the period counts.',
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <Fragment>
    <Text component="dt" size="sm" c="dimmed">
      {name}
    </Text>
    <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
      {children}
    </Text>
  </Fragment>
)

export function How({
  provenance,
  write = (value) => formatCount(value),
}: {
  readonly provenance: Provenance
  readonly write?: ((value: number | null) => string) | undefined
}) {
  const { metrics, from, to, watermarkAt, after, again, rows } = provenance
  const period = from === 0 ? `All time until ${instant(to)}.` : `${instant(from)} to ${instant(to)}.`
  const [only] = metrics.length === 1 ? metrics : []
  return (
    <Stack gap="md">
      {metrics.map((metric) => (
        <Definition key={metric.name} metric={metric} isOnly={only !== undefined} />
      ))}
      {rows === null ? (
        <Text size="sm" c="dimmed">
          How many rows were looked at could not be counted just now.
        </Text>
      ) : (
        <RowsPicture rows={rows} />
      )}
      <dl className="how-facts">
        {again !== null && <Fact name="This SQL, run now">{write(again)}</Fact>}
        <Fact name="Period">
          {period} {CLOCKS[only?.clock ?? '']}
        </Fact>
        {watermarkAt > 0 && <Fact name="Up to date until">{instant(watermarkAt)}</Fact>}
        {only !== undefined && <Fact name="Counted">{only.population}</Fact>}
        {only !== undefined && only.nullWhen !== 'never' && <Fact name="No value when">{only.nullWhen}</Fact>}
        {after !== null && <Fact name="After the SQL">{after}</Fact>}
        {only !== undefined && <Fact name="Source">{only.source}</Fact>}
      </dl>
      <Divider />
      <Sql texts={provenance.statements.map(({ runnable }) => runnable)} />
    </Stack>
  )
}

const Definition = ({ metric, isOnly }: { readonly metric: Metric; readonly isOnly: boolean }) => (
  <div>
    {!isOnly && (
      <Title order={3} size="h6">
        {metric.name}
      </Title>
    )}
    <Text size={isOnly ? 'md' : 'sm'}>{metric.about}</Text>
    <Code block mt={6} className="how-formula">
      {metric.formula}
    </Code>
  </div>
)

function Sql({ texts }: { readonly texts: readonly string[] }) {
  const [opened, { toggle }] = useDisclosure()
  const all = texts.join(';\n\n')
  return (
    <div>
      <Group gap="xs">
        <Button variant="default" size="xs" onClick={toggle} aria-expanded={opened} aria-controls="how-sql">
          {opened ? 'Hide the SQL' : 'Show the SQL'}
        </Button>
        <CopyButton value={all}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" onClick={copy}>
              {copied ? 'Copied' : 'Copy the SQL'}
            </Button>
          )}
        </CopyButton>
        <Text size="xs" c="dimmed">
          Runs as it is in any ClickHouse client.
        </Text>
      </Group>
      <Collapse expanded={opened} id="how-sql">
        <Code block mt="xs" tabIndex={0} role="region" aria-label="SQL" className="how-sql">
          {all}
        </Code>
      </Collapse>
    </div>
  )
}
