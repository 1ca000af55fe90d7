/** Upload tokens: a secret in the uploader's hands, only its hash in the records. */
import { createHash, randomBytes } from 'node:crypto'

export const newToken = (): string => randomBytes(24).toString('base64url')
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** The token of an `Authorization: Bearer` header; null when there is none. */
export function bearerOf(header: string | null | undefined): string | null {
  return /^Bearer\s+([A-Za-z0-9_-]{16,256})$/i.exec(header ?? '')?.[1] ?? null
}
