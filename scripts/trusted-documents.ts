/**
 * Writes the documents of the viewer's pages: their texts for the server, which compiles them on first use, and their
 * hashes by name for the pages. Run by `npm run contract` after a change of studio/viewer/queries.ts.
 */
import { writeFileSync } from 'node:fs'
import { formatDocument, stringifyDocument } from '@urql/core'
import { type DocumentNode, Kind } from 'graphql'
import { documentHash } from '#api/trusted.ts'
import * as queries from '#studio/viewer/queries.ts'

const isDocument = (value: unknown): value is DocumentNode =>
  (value as { kind?: unknown } | null)?.kind === Kind.DOCUMENT

const nameOf = (document: DocumentNode): string =>
  document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? [one.name?.value ?? ''] : [],
  )[0] ?? ''

/** Name of the operation to the text the pages would send. */
export const viewerDocuments = (): Map<string, string> =>
  new Map(
    Object.values(queries)
      .filter(isDocument)
      .map((document) => [nameOf(document), stringifyDocument(formatDocument(document))]),
  )

if (import.meta.main) {
  const documents = viewerDocuments()
  const hashes = Object.fromEntries([...documents].map(([name, text]) => [name, documentHash(text)]))
  writeFileSync('studio/trusted-documents.json', `${JSON.stringify([...documents.values()], null, 2)}\n`)
  writeFileSync('studio/shared/trusted-hashes.json', `${JSON.stringify(hashes, null, 2)}\n`)
}
