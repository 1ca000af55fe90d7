/** What the viewer keeps: the list they made, and what they watched, newest first. */
import { Button, Stack, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Empty } from '../shared/empty.tsx'
import { HISTORY, MY_LIST } from './queries.ts'
import { TitleGrid } from './title-grid.tsx'
import './viewer.css'

type ListProps = { readonly name: string; readonly query: typeof MY_LIST; readonly empty: string }

function List({ name, query, empty }: ListProps) {
  const browse = (
    <Button component={Link} to="/search" variant="default" mt="sm">
      Look around
    </Button>
  )
  return (
    <Stack className="sv-page">
      <Title order={1} size="h2">
        {name}
      </Title>
      <TitleGrid
        query={query}
        variables={{}}
        empty={
          <Empty title="Nothing here yet" action={browse}>
            {empty}
          </Empty>
        }
      />
    </Stack>
  )
}

export const MyList = () => (
  <List name="My list" query={MY_LIST} empty="Open a title and press “My list” to keep it here." />
)

export const History = () => (
  <List name="History" query={HISTORY} empty="What you watch appears here, with where you left it." />
)
