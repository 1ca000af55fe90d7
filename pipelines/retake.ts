/**
 * The door for dead letters: the same steps as for a batch, with the tenant, the grant and the times the letter came
 * with. What fails again is told and not set aside anew.
 */
import type { Clock } from '#base/clock.ts'
import { Refusal } from '#base/refusal.ts'
import type { DeadLetterReason } from '#events/dead-letters.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import type { BatchContext } from '#pipelines/batch-context.ts'
import { readCmcd } from '#pipelines/cmcd.ts'
import type { CollectorLimits } from '#pipelines/collector-limits.ts'
import type { LetterContext, Problem } from '#pipelines/dead-letters.ts'
import type { GrantBook } from '#pipelines/grant-book.ts'
import type { KeptBatch, Sorted, Stamp } from '#pipelines/keep-events.ts'
import { parseJson, readBatch } from '#pipelines/read-batch.ts'
import { sortEvents } from '#pipelines/sort-events.ts'

export type RetakenLetter = {
  readonly tenantId: string
  readonly receivedAt: number
  readonly sourceFormat: StoredEvent['sourceFormat']
  readonly reason: DeadLetterReason
  readonly body: Uint8Array
  /** Only a part of it was kept. */
  readonly isCut: boolean
  readonly context: LetterContext | null
}
/** What a letter has become: its events, and a way to keep those of them that are wanted. */
export type Retaken = {
  readonly sorted: Sorted
  keep(sorted: Sorted): Promise<KeptBatch>
}
export type Retake = (letter: RetakenLetter) => Promise<Retaken | Problem>

export const isProblem = (taken: Retaken | Problem): taken is Problem => 'reason' in taken

export function createRetake(ports: {
  readonly book: Pick<GrantBook, 'read'>
  readonly limits: CollectorLimits
  readonly lateMs: number
  readonly clock: Clock
  readonly keep: (sorted: Sorted, stamp: Stamp) => Promise<KeptBatch>
}): Retake {
  const { book, limits, lateMs, clock, keep } = ports

  const contextOf = (letter: RetakenLetter, { grant, common, sentAt, bot }: LetterContext): BatchContext => ({
    tenantId: letter.tenantId,
    grant,
    common,
    sentAt,
    receivedAt: letter.receivedAt,
    now: clock.now(),
    sourceFormat: letter.sourceFormat,
    bot,
    lateMs,
    maxEventBytes: limits.eventBytes,
    mayHoldLarge: true,
    firstVersions: [],
    shared: [],
  })
  const take = (letter: RetakenLetter, events: readonly unknown[], said: LetterContext): Retaken => {
    const context = contextOf(letter, said)
    return { sorted: sortEvents(events, context), keep: (sorted) => keep(sorted, context) }
  }

  /** A whole batch that was not JSON: it names its grant itself. */
  const takeBatch = async (letter: RetakenLetter, text: string): Promise<Retaken | Problem> => {
    const parsed = parseJson(text)
    if (parsed === null) return { reason: 'not-json', detail: 'the body is not JSON' }
    try {
      const {
        token = '',
        common,
        events,
        sentAt = letter.receivedAt,
      } = readBatch(parsed.value, limits.batchEvents)
      const grant: Grant = await book.read(token)
      if (grant.tenantId !== letter.tenantId) {
        return { reason: 'token-mismatch', detail: 'the token belongs to another tenant' }
      }
      return take(letter, events, { grant, common, sentAt, bot: false })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { reason: letter.reason, detail: error.message }
    }
  }
  const takeReport = (letter: RetakenLetter, context: LetterContext): Retaken | Problem => {
    const { events, setAside } = readCmcd(letter.body).translate(context.grant, '', limits)
    return setAside[0]?.problem ?? take(letter, events, context)
  }

  return async (letter) => {
    const { reason, body, isCut, context } = letter
    if (isCut) return { reason, detail: 'only a part of it was kept' }
    const text = Buffer.from(body).toString()
    if (reason === 'not-json') return takeBatch(letter, text)
    if (context === null) return { reason, detail: 'what its batch said of it was not kept' }
    if (reason === 'unreadable-cmcd') return takeReport(letter, context)
    const parsed = parseJson(text)
    if (parsed === null) return { reason, detail: 'what was kept of it is not JSON' }
    return take(letter, [parsed.value], context)
  }
}
