/** Who asked what: a line of JSON a question, in a file that begins anew at a size, with the one before kept beside it. */
import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'

export type AuditLine = {
  readonly at: number
  readonly tenantId: string
  readonly keyId: string
  readonly keyName: string
  /** The first 4000 characters. */
  readonly statement: string
  readonly format: string
  readonly tookMs: number
  /** Of the answer; 0 when there was none. */
  readonly bytes: number
  /** Code of the refusal; null when it was answered. */
  readonly refused: string | null
}
export type Audit = { write(line: AuditLine): Promise<void> }

const MOST_BYTES = 32 * 1024 * 1024
const MOST_CHARACTERS = 4000

export function openAudit(file: string, mostBytes = MOST_BYTES): Audit {
  let tail: Promise<void> = mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).then(() => undefined)
  let size: number | undefined
  const append = async (text: string): Promise<void> => {
    size ??= await stat(file).then(
      (found) => found.size,
      () => 0,
    )
    if (size > 0 && size + text.length > mostBytes) {
      await rename(file, `${file}.1`)
      size = 0
    }
    await appendFile(file, text, { mode: 0o600 })
    size += Buffer.byteLength(text)
  }
  return {
    write: (line) => {
      const statement = line.statement.slice(0, MOST_CHARACTERS)
      const done = tail.then(() => append(`${JSON.stringify({ ...line, statement })}\n`))
      tail = done.catch(() => undefined)
      return done
    },
  }
}
