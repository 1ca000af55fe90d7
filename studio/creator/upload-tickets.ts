/** What the upload queue asks of the API: a ticket for a file, whether an upload has not ended, and to give one up. */
import { gql } from '@urql/core'
import type { Client, CombinedError } from 'urql'
import { problemOf } from '../shared/problem.ts'
import type { Ticket } from './upload-memory.ts'

type Input = { titleId?: string; name?: string; fileName: string; sizeBytes: number }
type Created = { title: { id: string }; uploadUrl: string; uploadToken: string; expiresAt: number }
const CREATE = gql<{ createUpload: Created }, { input: Input }>(
  `mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) { title { id } uploadUrl uploadToken expiresAt } }`,
)
const CANCEL = gql<unknown, { titleId: string }>(
  `mutation CancelUpload($titleId: ID!) { cancelUpload(titleId: $titleId) { id status } }`,
)
const STATE = gql<{ title: { id: string; job: { state: string } | null } | null }, { id: string }>(
  `query UploadState($id: ID!) { title(id: $id) { id job { state } } }`,
)

const nameOf = (file: File): string =>
  file.name
    .replace(/\.[^.]*$/, '')
    .replace(/[_-]+/g, ' ')
    .trim()
    .slice(0, 200) || 'Untitled'

/** A ticket for another file of the title, or for a draft named after the file. */
export async function createTicket(
  client: Client,
  file: File,
  titleId: string | null,
): Promise<{ ticket: Ticket; error: null } | { ticket: null; error: string }> {
  const whose = titleId === null ? { name: nameOf(file) } : { titleId }
  const input = { ...whose, fileName: file.name, sizeBytes: file.size }
  const { data, error } = await client.mutation(CREATE, { input }).toPromise()
  if (data == null)
    return { ticket: null, error: error === undefined ? 'The platform did not answer.' : problemOf(error) }
  const { title, uploadUrl: endpoint, uploadToken: token, expiresAt } = data.createUpload
  return { ticket: { titleId: title.id, endpoint, token, expiresAt, url: null }, error: null }
}

/** The title is the caller's and still waits for its file. */
export async function isUnfinished(client: Client, id: string): Promise<boolean> {
  const { data } = await client.query(STATE, { id }, { requestPolicy: 'network-only' }).toPromise()
  return data?.title?.job?.state === 'uploading'
}

export async function cancelUpload(client: Client, titleId: string): Promise<CombinedError | undefined> {
  return (await client.mutation(CANCEL, { titleId }).toPromise()).error
}
