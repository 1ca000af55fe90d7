/** Captions of a title, for its creator: which there are, to add a file in a language, and to take one away. */
import {
  ActionIcon,
  Alert,
  Anchor,
  Button,
  Card,
  FileButton,
  Group,
  NativeSelect,
  Text,
  Title,
} from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { gql } from '@urql/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { problemOf } from '../shared/problem.ts'
import { useToast } from '../shared/toast.tsx'

export type Caption = {
  readonly language: string
  readonly label: string
  readonly url: string
  readonly brought: boolean
}
export const CAPTION = 'language label url brought'

const PUT = gql<unknown, { titleId: string; language: string; text: string }>(
  `mutation PutCaptions($titleId: ID!, $language: String!, $text: String!) {
    putCaptions(titleId: $titleId, language: $language, text: $text) { id } }`,
)
const REMOVE = gql<unknown, { titleId: string; language: string }>(
  `mutation RemoveCaptions($titleId: ID!, $language: String!) {
    removeCaptions(titleId: $titleId, language: $language) { id } }`,
)
const MAX_BYTES = 500_000
const CODES =
  'en ar bn cs da de el es fa fi fr he hi hu id it ja ko nl no pl pt pt-BR ro ru sv sw ta th tr uk ur vi zh-Hans zh-Hant'
const names = new Intl.DisplayNames(['en'], { type: 'language' })
const LANGUAGES = CODES.split(' ').map((value) => ({ value, label: names.of(value) ?? value }))

/** The words of a file in UTF-8 or, as old SubRip files are, in Windows' Western letters. */
async function wordsIn(file: File): Promise<string> {
  const bytes = await file.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Not UTF-8: every byte means something in the other.
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

type CaptionsProps = { readonly titleId: string; readonly captions: readonly Caption[] }

export function Captions({ titleId, captions }: CaptionsProps) {
  const [language, setLanguage] = useState('en')
  const [problem, setProblem] = useState<string | null>(null)
  const [{ fetching }, put] = useMutation(PUT)
  const toast = useToast()
  const add = async (file: File | null): Promise<void> => {
    if (file === null) return
    if (file.size > MAX_BYTES) {
      setProblem(`“${file.name}” is larger than 500 kB: it is no caption file.`)
      return
    }
    const { error } = await put({ titleId, language, text: await wordsIn(file) })
    setProblem(error === undefined ? null : problemOf(error))
    if (error === undefined) toast({ text: `${names.of(language)} captions are with the video.` })
  }
  return (
    <Card withBorder component="section" aria-labelledby="captions">
      <Title order={2} size="h4" id="captions" mb="xs">
        Captions
      </Title>
      {captions.length === 0 && (
        <Text c="dimmed">There are none yet. A file of text and times is all it takes.</Text>
      )}
      {captions.map((caption) => (
        <CaptionRow key={caption.url} titleId={titleId} caption={caption} />
      ))}
      <Group align="flex-end" mt="sm">
        <NativeSelect
          label="Language"
          data={LANGUAGES}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value)}
        />
        <FileButton onChange={(file) => void add(file)} accept=".vtt,.srt,text/vtt">
          {(props) => (
            <Button variant="default" loading={fetching} {...props}>
              {captions.some((one) => one.brought && one.language === language) ? 'Replace' : 'Add'} (.vtt,
              .srt)
            </Button>
          )}
        </FileButton>
      </Group>
      {problem !== null && (
        <Alert color="red" role="alert" mt="sm">
          {problem}
        </Alert>
      )}
    </Card>
  )
}

function CaptionRow({ titleId, caption }: { readonly titleId: string; readonly caption: Caption }) {
  const { language, label, url, brought } = caption
  const [, remove] = useMutation(REMOVE)
  const toast = useToast()
  const takeAway = async (): Promise<void> => {
    const { error } = await remove({ titleId, language })
    if (error !== undefined)
      toast({ text: `The captions are still there. ${problemOf(error)}`, failed: true })
  }
  return (
    <Group gap="sm" mih={34}>
      <Anchor href={url} size="sm" target="_blank" rel="noreferrer">
        {label}
      </Anchor>
      {!brought && (
        <Text size="sm" c="dimmed">
          in the video file
        </Text>
      )}
      {brought && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Remove ${label} captions`}
          onClick={() => void takeAway()}
        >
          <IconX size={16} />
        </ActionIcon>
      )}
    </Group>
  )
}
