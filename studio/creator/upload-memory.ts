/**
 * Uploads that have not ended, kept in this browser so that they go on after a reload: by what tells a file apart,
 * until the platform gives them up. Without storage, uploads end with the page.
 */

export type Ticket = {
  readonly titleId: string
  /** Where uploads are begun. */
  readonly endpoint: string
  readonly token: string
  readonly expiresAt: number
  /** This very upload's own address; null until the platform has said it. */
  readonly url: string | null
}

const NAME = 'streamverse.uploads'
/** More than anybody has at once; beyond it the oldest are forgotten. */
const MOST = 50

/** The same file chosen again has the same name, size and time of change. */
export const fingerprintOf = ({ name, size, lastModified }: File): string => `${size}|${lastModified}|${name}`

const isTicket = (value: unknown): value is Ticket => {
  const { titleId, endpoint, token, expiresAt, url } = (value ?? {}) as Partial<Ticket>
  const said = [titleId, endpoint, token].every((one) => typeof one === 'string')
  return said && typeof expiresAt === 'number' && (url === null || typeof url === 'string')
}

function read(): Map<string, Ticket> {
  try {
    const held = JSON.parse(localStorage.getItem(NAME) ?? '{}') as object
    const now = Date.now()
    return new Map(
      Object.entries(held).flatMap(([key, value]: [string, unknown]) =>
        isTicket(value) && value.expiresAt > now ? [[key, value]] : [],
      ),
    )
  } catch {
    // Closed, or not ours to read: as if nothing was kept.
    return new Map()
  }
}

function write(tickets: Map<string, Ticket>): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(Object.fromEntries([...tickets].slice(-MOST))))
  } catch {
    // Full or closed: this upload ends with the page.
  }
}

export const recall = (file: File): Ticket | null => read().get(fingerprintOf(file)) ?? null

export function remember(file: File, ticket: Ticket): void {
  const tickets = read()
  tickets.delete(fingerprintOf(file))
  write(tickets.set(fingerprintOf(file), ticket))
}

export function forget(file: File): void {
  const tickets = read()
  if (tickets.delete(fingerprintOf(file))) write(tickets)
}
