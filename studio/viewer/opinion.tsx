/** What a viewer has to say about a title: my list, stars, not interested; each can be undone. */
import { Button, Group, Rating } from '@mantine/core'
import { IconCheck, IconPlus, IconThumbDown, IconThumbDownFilled } from '@tabler/icons-react'
import { useMutation, useQuery } from 'urql'
import { useToast } from '../shared/toast.tsx'
import { type FullTitle, ME, RATE, SET_DISMISSED, SET_IN_MY_LIST } from './queries.ts'

type Said = Promise<{ error?: Error | undefined }>

/** Visitors and kids have no say: nothing of theirs is kept. */
export function Opinion({ title }: { readonly title: FullTitle }) {
  const [{ data }] = useQuery({ query: ME, variables: {} })
  const [, setInMyList] = useMutation(SET_IN_MY_LIST)
  const [, setDismissed] = useMutation(SET_DISMISSED)
  const [, rate] = useMutation(RATE)
  const toast = useToast()
  if (data?.me.viewerToken == null) return null
  const { id, inMyList, dismissed, myRating } = title
  const tell = async (said: Said, text: string, undo: () => void): Promise<void> => {
    const { error } = await said
    toast(error === undefined ? { text, undo } : { text: 'That was not kept. Try again.', failed: true })
  }
  const list = (to: boolean): Promise<void> =>
    tell(
      setInMyList({ id, inMyList: to }),
      to ? 'Added to my list.' : 'Taken off my list.',
      () => void list(!to),
    )
  const dismiss = (to: boolean): Promise<void> =>
    tell(
      setDismissed({ id, dismissed: to }),
      to ? 'You will not be shown this again.' : 'It may be shown again.',
      () => void dismiss(!to),
    )
  const star = (stars: number): Promise<void> =>
    tell(
      rate({ id, stars }),
      stars === 0 ? 'Rating taken back.' : `Rated ${stars} of 5.`,
      () => void star(myRating ?? 0),
    )
  return (
    <Group gap="sm" className="sv-opinion">
      <Button
        variant="default"
        aria-pressed={inMyList}
        leftSection={inMyList ? <IconCheck size={18} /> : <IconPlus size={18} />}
        onClick={() => void list(!inMyList)}
      >
        My list
      </Button>
      <Button
        variant="default"
        aria-pressed={dismissed}
        leftSection={dismissed ? <IconThumbDownFilled size={18} /> : <IconThumbDown size={18} />}
        onClick={() => void dismiss(!dismissed)}
      >
        Not interested
      </Button>
      <Rating
        size="md"
        value={myRating ?? 0}
        onChange={(stars) => void star(stars === myRating ? 0 : stars)}
        aria-label="My rating"
        getSymbolLabel={(value) => `${value} of 5 stars`}
      />
    </Group>
  )
}
