/**
 * Says each second what the collector took in, through the log: cumulative counts that hold whatever was killed in
 * between. A run that stops in order says so last; what a killed run took in within its last second stays unsaid.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { StoredEvent } from '#events/define.ts'
import { ledgerEvents, minuteCounted, OF_THE_PLATFORM, runBegan, runEnded } from '#events/ledger.ts'
import { serverEvent } from '#events/registry.ts'
import { runOf } from '#events/run.ts'
import { type LedgerBook, type LedgerEntry, minuteOf } from '#pipelines/ledger-book.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

export type LedgerWords = {
  readonly runId: string
  /** When this run began. */
  readonly beganAt: number
  /** Says what is unsaid now. Rejects when the log does not take it; it is said again later. */
  say(): Promise<void>
  /** Says the rest and that it is the end. Everything that counts must have stopped before. */
  close(): Promise<void>
}

const EVERY_MS = 1000

export function startLedgerWords(ports: {
  readonly book: LedgerBook
  readonly eventLog: Pick<EventLog, 'append'>
  readonly clock: Clock
  /** Makes event ids. */
  readonly ids: () => string
  readonly log: Log
  readonly everyMs?: number
}): LedgerWords {
  const { book, eventLog, clock, ids, log, everyMs = EVERY_MS } = ports
  const runId = ids()
  const beganAt = clock.now()
  let sequence = 0
  let isKnown = false
  let isFailing = false

  const ofTheRun = (definition: typeof runBegan | typeof runEnded): StoredEvent =>
    serverEvent(definition, clock.now(), ids(), {
      tenantId: OF_THE_PLATFORM,
      runId,
      minuteAt: minuteOf(clock.now()),
      page: 0,
      sequence,
    })
  const word = async (more: readonly StoredEvent[]): Promise<void> => {
    const { entries, said } = book.changed(++sequence)
    const began = isKnown ? [] : [ofTheRun(runBegan)]
    const events = [...began, ...entries.map((entry) => eventOf(entry)), ...more]
    if (events.length > 0) await eventLog.append(ledgerEvents, runOf(events))
    isKnown = true
    said(clock.now())
  }
  const eventOf = ({ tenantId, minuteAt, page, counts }: LedgerEntry): StoredEvent => {
    const reasons = Object.entries(counts.deadLettered).filter(([, count]) => count > 0)
    return serverEvent(minuteCounted, clock.now(), ids(), {
      tenantId,
      runId,
      minuteAt,
      page,
      sequence,
      accepted: counts.accepted,
      stored: counts.stored,
      duplicate: counts.duplicate,
      reusedId: counts.reusedId,
      deadLettered: reasons.reduce((sum, [, count]) => sum + count, 0),
      unsure: counts.unsure,
      reasons: reasons.map(([reason]) => reason),
      reasonCounts: reasons.map(([, count]) => count),
    })
  }

  /** One word at a time: counts of a later word are never said before those of an earlier one. */
  let speaking: Promise<void> = Promise.resolve()
  const say = (more: readonly StoredEvent[] = []): Promise<void> => {
    const said = speaking.then(() => word(more))
    speaking = said.catch(() => undefined)
    return said
  }
  const sayAndTell = async (more?: readonly StoredEvent[]): Promise<void> => {
    try {
      await say(more)
      isFailing = false
    } catch (error) {
      // Once, not each second: the log is away, and senders are told so.
      if (!isFailing) log.warn({ err: error }, 'the ledger could not be said; it will be')
      isFailing = true
    }
  }
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const keepSaying = async (): Promise<void> => {
    await sayAndTell()
    if (!closed) timer = setTimeout(() => void keepSaying(), everyMs).unref()
  }
  void keepSaying()
  return {
    runId,
    beganAt,
    say: () => say(),
    close: async () => {
      closed = true
      clearTimeout(timer)
      await speaking
      sequence++
      await sayAndTell([ofTheRun(runEnded)])
    },
  }
}
