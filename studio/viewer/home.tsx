/** Home: one title up front, then the rows of the slate. Asked anew each time it is shown, since watching changes it. */
import { Stack } from '@mantine/core'
import { useState } from 'react'
import { type RequestPolicy, useQuery } from 'urql'
import { Empty, Failed } from '../shared/empty.tsx'
import { Hero, heroOf } from './hero.tsx'
import { useDiscoveryDoor } from './impressions.ts'
import { HOME } from './queries.ts'
import { Row } from './row.tsx'
import { HomeWaiting } from './waiting.tsx'
import { cameFromWatching, useRefreshAfterWatching } from './watched.ts'
import './viewer.css'

export function Home() {
  // Straight from watching: what is known is shown until the platform knows better.
  const [first] = useState<RequestPolicy>(() => (cameFromWatching() ? 'cache-first' : 'cache-and-network'))
  const [{ data, error }, again] = useQuery({ query: HOME, variables: {}, requestPolicy: first })
  const refresh = (): void => again({ requestPolicy: 'network-only' })
  useRefreshAfterWatching(refresh)
  useDiscoveryDoor()
  if (data == null) {
    if (error === undefined) return <HomeWaiting />
    return (
      <Failed message={error.graphQLErrors[0]?.message ?? 'The platform did not answer.'} retry={refresh} />
    )
  }
  const { home } = data
  const hero = heroOf(home)
  if (hero === null) {
    return <Empty title="Nothing to watch yet">Titles appear here as soon as a creator publishes one.</Empty>
  }
  return (
    <Stack gap={34} className="sv-page">
      <Hero slot={hero} slateId={home.id} />
      {home.rows.map((row) => (
        <Row key={row.key} row={row} slateId={home.id} />
      ))}
    </Stack>
  )
}
