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
import { createDraft, takeEvent } from '#pipelines/collect-steps.ts'
import { type CollectorCounts, createCounting } from '#pipelines/collector-counts.ts'
import { type CollectorLimits, collectorLimits } from '#pipelines/collector-limits.ts'
import { refusals } from '#pipelines/errors.ts'
import { createGrantBook, type FindTenant, type GrantBook } from '#pipelines/grant-book.ts'
import { createInFlight } from '#pipelines/in-flight.ts'
import { createKeeper, type KeptBatch, type Sorted } from '#pipelines/keep-events.ts'
import { parseJson, type RawBatch, readBatch } from '#pipelines/read-batch.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

export type CollectorPorts = {
  readonly eventLog: Pick<EventLog, 'append'>
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
  readonly receivedAt?: number
}
/** A batch in another format: what it says depends on the grant it came with. Needs no write key. */
export type ForeignBatch = {
  readonly byteLength: number
  readonly sourceFormat: 'cmcd2'
  translate(
    grant: Grant,
    userAgent: string,
  ): {
    readonly events: readonly unknown[]
    readonly unreadable: readonly { readonly text: string; readonly detail: string }[]
    /** By the sender's clock; as received when the format does not say. */
    readonly sentAt: number | undefined
  }
}

export type Collector = {
  /** Rejects with a Refusal when the batch as a whole cannot be taken. */
  collect(input: CollectInput): Promise<KeptBatch>
  /** Appends events of our own parts. Resolves when durable; rejects with a Bug when one is invalid. */
  say(events: readonly StoredEvent[]): Promise<void>
  snapshot(): CollectorCounts
  /** Counts a batch that was turned away before it came here. */
  turnedAway(code: string): void
  readonly limits: CollectorLimits
}

const LATE_MS = 7 * 24 * 3_600_000
const isBytes = (body: CollectInput['body']): body is Uint8Array => body instanceof Uint8Array

/** A batch as it came: parsed once, its shape checked; null text where another format is translated later. */
type Opened = { readonly batch: RawBatch | null; readonly unparsed: string | null }

function openBody(body: CollectInput['body'], limits: CollectorLimits): Opened {
  if (body.byteLength > limits.bodyBytes) {
    throw new Refusal(refusals.bodyTooLarge, `The body is over ${limits.bodyBytes} bytes.`)
  }
  if (!isBytes(body)) return { batch: null, unparsed: null }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  const parsed = parseJson(text)
  if (parsed === null) return { batch: null, unparsed: text }
  return { batch: readBatch(parsed.value, limits.batchEvents), unparsed: null }
}

/** The tenant by its write key, the grant by the token; both must agree. */
async function knowWhoIsThere(book: GrantBook, batch: RawBatch | null, input: CollectInput) {
  const token = input.token ?? batch?.token
  const writeKey = input.writeKey ?? batch?.writeKey
  if (writeKey === undefined && isBytes(input.body)) {
    throw new Refusal(refusals.unknownWriteKey, 'The batch carries no write key.')
  }
  const tenantId = writeKey === undefined ? null : await book.tenantOf(writeKey)
  if (token === undefined) throw new Refusal(refusals.tokenMissing, 'The batch carries no token.')
  const grant = await book.read(token)
  if (tenantId !== null && grant.tenantId !== tenantId) {
    throw new Refusal(refusals.tokenRefused, 'The token belongs to another tenant than the write key.')
  }
  return { token, grant }
}

/** Each event through the steps: to its stream, or to the dead letters. */
function sortEvents(events: readonly unknown[], context: BatchContext): Sorted {
  const sorted: Sorted = { passed: new Map(), failed: [] }
  const draft = createDraft()
  for (let index = 0; index < events.length; index++) {
    const problem = takeEvent(events[index], draft, context)
    if (problem !== null) {
      sorted.failed.push({ index, raw: events[index], problem })
      continue
    }
    const { stream } = draft.template.definition
    let passed = sorted.passed.get(stream)
    if (passed === undefined) sorted.passed.set(stream, (passed = { events: [], prints: [] }))
    passed.events.push(draft.event as StoredEvent)
    passed.prints.push(draft.print)
  }
  return sorted
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

  const contextOf = (grant: Grant, input: CollectInput, said: Partial<RawBatch>): BatchContext => {
    const isImport = grant.kind === 'import'
    const receivedAt = (isImport ? said.receivedAt : undefined) ?? input.receivedAt ?? clock.now()
    return {
      tenantId: grant.tenantId,
      grant,
      common: said.common ?? {},
      sentAt: said.sentAt ?? receivedAt,
      receivedAt,
      sourceFormat: isBytes(input.body) ? (isImport ? 'import' : 'native') : input.body.sourceFormat,
      bot: isProgram(input.userAgent),
      lateMs,
      maxEventBytes: limits.eventBytes,
      mayHoldLarge: input.body.byteLength > limits.eventBytes,
      firstVersions: new Map(),
    }
  }

  /** Text that is not JSON is kept for its tenant when the header names one; nobody can say more of it. */
  const setAsideUnparsed = async (text: string, writeKey: string | undefined): Promise<KeptBatch> => {
    if (writeKey === undefined) throw new Refusal(refusals.unreadable, 'The body is not JSON.')
    const tenantId = await book.tenantOf(writeKey)
    book.spendUnparsed(tenantId)
    const problem = { reason: 'not-json', detail: 'the body is not JSON' } as const
    const stamp = { tenantId, receivedAt: clock.now(), sourceFormat: 'native' } as const
    return keeper.keep({ passed: new Map(), failed: [{ index: 0, raw: text, problem }] }, stamp)
  }

  const collect = async (input: CollectInput): Promise<KeptBatch> => {
    const { batch, unparsed } = openBody(input.body, limits)
    if (unparsed !== null) return setAsideUnparsed(unparsed, input.writeKey)
    const { token, grant } = await knowWhoIsThere(book, batch, input)
    const leave = inFlight.enter(grant.tenantId, input.body.byteLength)
    try {
      const foreign = isBytes(input.body) ? null : input.body.translate(grant, input.userAgent)
      const context = contextOf(grant, input, batch ?? { sentAt: foreign?.sentAt })
      const events = foreign?.events ?? batch?.events ?? []
      const unreadable = foreign?.unreadable ?? []
      book.spend(token, events.length + unreadable.length)
      const sorted = sortEvents(events, context)
      for (const [i, { text, detail }] of unreadable.entries()) {
        const problem = { reason: 'unreadable-cmcd', detail } as const
        sorted.failed.push({ index: events.length + i, raw: text, problem })
      }
      return await keeper.keep(sorted, context)
    } finally {
      leave()
    }
  }

  return {
    collect: (input) =>
      collect(input).catch((error: unknown) => {
        if (error instanceof Refusal) counting.refuse(error.code)
        else log.error({ err: error }, 'a batch could not be taken')
        throw error
      }),
    say: async (events) => {
      await Promise.all([...byStream(events)].map(([stream, said]) => eventLog.append(stream, said)))
    },
    snapshot: () => counting.snapshot(inFlight.bytes()),
    turnedAway: (code) => counting.refuse(code),
    limits,
  }
}
