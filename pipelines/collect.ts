/**
 * The collector: from a request's bytes to events that would survive a power cut, or a refusal of the whole batch.
 * Every event is stored, counted as a duplicate, or set aside as a dead letter; the answer comes when all is durable.
 */
import { Bug } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import type { Grant, ReadGrant } from '#events/grants.ts'
import { findEvent, problemWith } from '#events/registry.ts'
import type { BatchContext } from '#pipelines/batch-context.ts'
import { isProgram } from '#pipelines/bots.ts'
import { takeColumns } from '#pipelines/collect-columns.ts'
import { type CollectorCounts, createCounting } from '#pipelines/collector-counts.ts'
import { type CollectorLimits, collectorLimits } from '#pipelines/collector-limits.ts'
import { contextText, type Problem } from '#pipelines/dead-letters.ts'
import { refusals } from '#pipelines/errors.ts'
import { type Caller, createGrantBook, type FindTenant, type GrantBook } from '#pipelines/grant-book.ts'
import { createInFlight } from '#pipelines/in-flight.ts'
import { createKeeper, type KeptBatch, type Sorted } from '#pipelines/keep-events.ts'
import type { LedgerBook } from '#pipelines/ledger-book.ts'
import { rawEvents } from '#pipelines/raw-events.ts'
import { parseJson, type RawBatch, readBatch } from '#pipelines/read-batch.ts'
import { createRetake, type Retake } from '#pipelines/retake.ts'
import { createScanner, type Scanned } from '#pipelines/scan/scanner.ts'
import { sortEvents } from '#pipelines/sort-events.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

export type CollectorPorts = {
  readonly eventLog: Pick<EventLog, 'append' | 'appendColumns'>
  readonly readGrant: ReadGrant
  readonly findTenantByWriteKey: FindTenant
  readonly clock: Clock
  /** Makes event ids. */
  readonly ids?: () => string
  readonly log: Log
  /** How late an event may come. Default 7 days. */
  readonly window?: { readonly lateMs: number }
  readonly limits?: Partial<CollectorLimits>
}
export type CollectInput = {
  /** From a header; the batch itself may carry it too. */
  readonly writeKey?: string | undefined
  /** From the address; the batch itself may carry it too. */
  readonly token?: string | undefined
  /** The request's bytes as JSON, or a batch in another format. */
  readonly body: Uint8Array | ForeignBatch
  readonly userAgent: string
  /** A proxy in front knows that it came from a data centre: no viewer lives there. */
  readonly fromDatacentre?: boolean
  readonly receivedAt?: number
}
/** A batch in another format: what it says depends on the grant it came with. Needs no write key. */
export type ForeignBatch = {
  readonly byteLength: number
  readonly sourceFormat: 'cmcd2'
  /** Every part of it becomes one event or is set aside. */
  translate(
    grant: Grant,
    userAgent: string,
    limits: CollectorLimits,
  ): {
    readonly events: readonly unknown[]
    readonly setAside: readonly { readonly text: string; readonly problem: Problem }[]
    /** By the sender's clock; as received when the format does not say. */
    readonly sentAt: number | undefined
  }
}

export type Collector = {
  /** Rejects with a Refusal when the batch as a whole cannot be taken. */
  collect(input: CollectInput): Promise<KeptBatch>
  /** Appends events of our own parts. Resolves when durable; rejects with a Bug when one is invalid. */
  say(events: readonly StoredEvent[]): Promise<void>
  /** Events that were stored before this start: sent again, they are duplicates. */
  recall(tenantId: string, eventIds: readonly string[]): void
  snapshot(): CollectorCounts
  /** Counts a batch that was turned away before it came here. */
  turnedAway(code: string): void
  /** Takes a dead letter again, as of when it was received. */
  readonly retake: Retake
  /** What it took in, for the ledger. */
  readonly book: LedgerBook
  readonly limits: CollectorLimits
}

const LATE_MS = 7 * 24 * 3_600_000
const isBytes = (body: CollectInput['body']): body is Uint8Array => body instanceof Uint8Array

/** A batch as it came: parsed once, its shape checked; null where another format is translated later. */
type Opened = { readonly batch: RawBatch | null; readonly unparsed: Uint8Array | null }

function openBody(body: CollectInput['body'], limits: CollectorLimits): Opened {
  if (body.byteLength > limits.bodyBytes) {
    throw new Refusal(refusals.bodyTooLarge, `The body is over ${limits.bodyBytes} bytes.`)
  }
  if (!isBytes(body)) return { batch: null, unparsed: null }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  const parsed = parseJson(text)
  if (parsed === null) return { batch: null, unparsed: body }
  return { batch: readBatch(parsed.value, limits.batchEvents), unparsed: null }
}

/** The tenant by its write key, the grant by the token. */
async function knowWhoIsThere(
  book: GrantBook,
  writeKey: string | undefined,
  token: string | undefined,
): Promise<Caller> {
  const tenantId = writeKey === undefined ? null : await book.tenantOf(writeKey)
  if (token === undefined) throw new Refusal(refusals.tokenMissing, 'The batch carries no token.')
  return { token, tenantId, grant: await book.read(token) }
}

/** What the letters of a batch will say of it. */
function describeFailed(
  { failed }: Sorted,
  body: CollectInput['body'],
  context: BatchContext,
  count: number,
): void {
  const raws = isBytes(body) ? rawEvents(body, count) : null
  const text = contextText(context)
  for (const one of failed) {
    one.bytes = raws?.[one.index]
    one.context = text
  }
}

/** Our own events by stream; an invalid one is a Bug. */
function byStream(events: readonly StoredEvent[]): ReadonlyMap<StreamDefinition, StoredEvent[]> {
  const groups = new Map<StreamDefinition, StoredEvent[]>()
  for (const event of events) {
    const definition = findEvent(event.type, event.version)
    const wrong = definition === undefined ? 'unknown type' : problemWith(definition, event)
    if (definition === undefined || wrong !== null) throw new Bug(`said ${event.type}: ${wrong}`)
    const group = groups.get(definition.stream)
    if (group === undefined) groups.set(definition.stream, [event])
    else group.push(event)
  }
  return groups
}

export function createCollector(ports: CollectorPorts): Collector {
  const { eventLog, clock, log } = ports
  const limits = { ...collectorLimits, ...ports.limits }
  const lateMs = ports.window?.lateMs ?? LATE_MS
  const ids = ports.ids ?? (() => uuidv7(clock.now()))
  const book = createGrantBook({ ...ports, limits, lateMs })
  const counting = createCounting()
  const keeper = createKeeper({ eventLog, counting, ids, recentEvents: limits.recentEvents })
  const inFlight = createInFlight(limits.inFlightBytes)
  const scanner = createScanner()

  const contextOf = (grant: Grant, input: CollectInput, said: Partial<RawBatch>): BatchContext => {
    const isImport = grant.kind === 'import'
    const receivedAt = (isImport ? said.receivedAt : undefined) ?? input.receivedAt ?? clock.now()
    return {
      tenantId: grant.tenantId,
      grant,
      common: said.common ?? {},
      sentAt: said.sentAt ?? receivedAt,
      receivedAt,
      now: clock.now(),
      sourceFormat: isBytes(input.body) ? (isImport ? 'import' : 'native') : input.body.sourceFormat,
      bot: input.fromDatacentre === true || isProgram(input.userAgent),
      lateMs,
      maxEventBytes: limits.eventBytes,
      mayHoldLarge: input.body.byteLength > limits.eventBytes,
      firstVersions: [],
      shared: [],
    }
  }

  /** Text that is not JSON is kept for its tenant when the header names one; nobody can say more of it. */
  const setAsideUnparsed = async (bytes: Uint8Array, writeKey: string | undefined): Promise<KeptBatch> => {
    if (writeKey === undefined) throw new Refusal(refusals.unreadable, 'The body is not JSON.')
    const tenantId = await book.tenantOf(writeKey)
    book.spendUnparsed(tenantId)
    const problem = { reason: 'not-json', detail: 'the body is not JSON' } as const
    const stamp = { tenantId, receivedAt: clock.now(), sourceFormat: 'native' } as const
    const failed = [{ index: 0, raw: null, bytes, problem }]
    return keeper.keep({ passed: [], failed }, stamp, () => undefined)
  }

  /** Holds on to nothing of the batch while the log writes it. */
  const take = (batch: RawBatch | null, { token, tenantId, grant }: Caller, input: CollectInput) => {
    if (tenantId !== null && grant.tenantId !== tenantId) {
      throw new Refusal(refusals.tokenRefused, 'The token belongs to another tenant than the write key.')
    }
    const leave = inFlight.enter(grant.tenantId, input.body.byteLength)
    try {
      const foreign = isBytes(input.body) ? null : input.body.translate(grant, input.userAgent, limits)
      const context = contextOf(grant, input, batch ?? { sentAt: foreign?.sentAt })
      const events = foreign?.events ?? batch?.events ?? []
      const setAside = foreign?.setAside ?? []
      book.spend(token, events.length + setAside.length)
      const sorted = sortEvents(events, context, scanner.learn)
      for (const [i, { text, problem }] of setAside.entries()) {
        sorted.failed.push({ index: events.length + i, raw: text, problem })
      }
      if (sorted.failed.length > 0) describeFailed(sorted, input.body, context, events.length)
      return keeper.keep(sorted, context, leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  /** The short way of a batch that is already in columns; null when it must go the long way. */
  const takeScanned = (scanned: Scanned, input: CollectInput): Promise<KeptBatch> | null => {
    const rest = parseJson(scanned.rest)
    if (rest === null || scanned.count > limits.batchEvents) return null
    const batch = readBatch(rest.value, limits.batchEvents)
    const known = book.remembered(input.writeKey ?? batch.writeKey, input.token ?? batch.token)
    if (known === null || known.tenantId !== known.grant.tenantId) return null
    const { grant, token } = known
    const context = contextOf(grant, input, batch)
    const passed = takeColumns(scanned, context)
    if (passed === null) return null
    const leave = inFlight.enter(grant.tenantId, input.body.byteLength)
    try {
      book.spend(token, scanned.count)
      const kept = keeper.keepColumns(passed, context, leave)
      if (kept !== null) return kept
      book.spend(token, -scanned.count)
      leave()
      return null
    } catch (error) {
      leave()
      throw error
    }
  }

  const collect = (input: CollectInput): Promise<KeptBatch> => {
    if (isBytes(input.body) && eventLog.appendColumns !== undefined) {
      const scanned = scanner.scan(input.body)
      const kept = scanned === null ? null : takeScanned(scanned, input)
      if (kept !== null) return kept
    }
    const { batch, unparsed } = openBody(input.body, limits)
    if (unparsed !== null) return setAsideUnparsed(unparsed, input.writeKey)
    const token = input.token ?? batch?.token
    const writeKey = input.writeKey ?? batch?.writeKey
    if (writeKey === undefined && isBytes(input.body)) {
      throw new Refusal(refusals.unknownWriteKey, 'The batch carries no write key.')
    }
    const known = book.remembered(writeKey, token)
    if (known !== null) return take(batch, known, input)
    return knowWhoIsThere(book, writeKey, token).then((caller) => take(batch, caller, input))
  }
  const counted = (error: unknown): never => {
    if (error instanceof Refusal) counting.refuse(error.code)
    else log.error({ err: error }, 'a batch could not be taken')
    throw error
  }

  return {
    collect: (input) => {
      try {
        return collect(input).catch(counted)
      } catch (error) {
        return Promise.reject(error).catch(counted)
      }
    },
    say: async (events) => {
      await Promise.all([...byStream(events)].map(([stream, said]) => keeper.say(stream, said)))
    },
    recall: keeper.recall,
    book: counting.book,
    retake: createRetake({
      book,
      limits,
      lateMs,
      clock,
      keep: (...of) => keeper.keep(...of, () => undefined),
    }),
    snapshot: () => counting.snapshot(inFlight.bytes()),
    turnedAway: (code) => counting.refuse(code),
    limits,
  }
}
