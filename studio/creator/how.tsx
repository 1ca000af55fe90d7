/** The small "i" beside a figure: opens what it is, how it was computed and from which rows. */
import { ActionIcon, Modal, Skeleton, Stack, Text } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconInfoCircle } from '@tabler/icons-react'
import { createContext, useContext } from 'react'
import { useQuery } from 'urql'
import { problemOf } from '../shared/problem.ts'
import type { Range } from './figures.ts'
import { How } from './how-card.tsx'
import { type Question, questionOf, type Report, type Variables } from './how-query.ts'

type Page = {
  readonly titleId: string | null
  readonly range: Range
  /** Epoch ms of a look back; null for now. */
  readonly knownAt: number | null
}
export const PageContext = createContext<Page>({ titleId: null, range: 'days28', knownAt: null })
/** Whose figures a page shows, and of which period. */
export const FiguresOf = PageContext.Provider

export type Asked = {
  readonly report: Report
  /** The field of the API's object; left out, all of it. */
  readonly of?: string
  readonly write?: ((value: number | null) => string) | undefined
}
type HowProps = Asked & { readonly label: string }

export function HowButton({ label, report, of, write }: HowProps) {
  const page = useContext(PageContext)
  const [opened, { open, close }] = useDisclosure()
  const isSmall = useMediaQuery('(max-width: 36em)') ?? false
  const question = questionOf(page.titleId, report)
  if (question === undefined) return null
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={24}
        c="dimmed"
        onClick={open}
        aria-label={`How is ${label} computed?`}
        aria-haspopup="dialog"
        style={{ verticalAlign: 'middle' }}
      >
        <IconInfoCircle size={15} stroke={1.75} aria-hidden />
      </ActionIcon>
      <Modal
        opened={opened}
        onClose={close}
        title={label}
        size="lg"
        fullScreen={isSmall}
        styles={{ title: { fontWeight: 650 } }}
      >
        <Asking question={question} variables={{ ...page, of: of ?? null }} write={write} />
      </Modal>
    </>
  )
}

/** Asked when it is opened, of that instant. */
function Asking({
  question: { document, find },
  variables,
  write,
}: Pick<Asked, 'write'> & { readonly question: Question; readonly variables: Variables }) {
  const [{ data, error }] = useQuery({ query: document, variables, requestPolicy: 'network-only' })
  const provenance = data === undefined ? undefined : find(data)
  if (provenance !== undefined) return <How provenance={provenance} write={write} />
  if (error !== undefined) return <Text role="alert">{problemOf(error)}</Text>
  return (
    <Stack aria-busy="true">
      <Skeleton h={48} />
      <Skeleton h={160} />
    </Stack>
  )
}
