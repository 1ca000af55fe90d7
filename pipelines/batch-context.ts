/** What all events of one batch share, and per type of event what its events start from. */
import type { EventDefinition, StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import type { Problem } from '#pipelines/dead-letters.ts'
import { type EventShape, type Fields, fingerprint, shapeOf } from '#pipelines/event-shape.ts'

export type BatchContext = {
  readonly tenantId: string
  readonly grant: Grant
  readonly common: Readonly<Fields>
  readonly sentAt: number
  readonly receivedAt: number
  readonly sourceFormat: StoredEvent['sourceFormat']
  readonly bot: boolean
  readonly lateMs: number
  readonly maxEventBytes: number
  /** Whether an event of the batch can be over the limit at all. */
  readonly mayHoldLarge: boolean
  /** Templates met so far, of version 1 by type. */
  readonly firstVersions: Map<string, Template>
}

export type Template = {
  readonly definition: EventDefinition
  readonly shape: EventShape
  /** What the batch, the grant and the collector say of all its events. */
  readonly start: Fields
  /** What the grant says: the sender may leave it out, but not contradict it. */
  readonly bound: Fields
  readonly print: number
  readonly notAllowed: Problem | null
  /** The batch contradicts its grant. */
  readonly contradiction: Problem | null
}

function boundBy(definition: EventDefinition, { grant, tenantId, bot }: BatchContext): Fields {
  if (grant.kind === 'import') return { tenantId }
  const isOfThePlayer = grant.kind === 'play' && definition.by === 'player'
  return {
    tenantId,
    viewerKey: grant.viewerKey,
    titleId: isOfThePlayer ? grant.titleId : undefined,
    recommendationId: isOfThePlayer ? grant.recommendationId : undefined,
    kids: isOfThePlayer ? grant.kids : undefined,
    bot,
  }
}

function notAllowed(definition: EventDefinition, grant: Grant): Problem | null {
  const allowed =
    grant.kind === 'import' ||
    (definition.by === 'player' && grant.kind === 'play') ||
    (definition.by === 'viewer' && (grant.kind === 'viewer' || grant.kind === 'play'))
  return allowed
    ? null
    : { reason: 'not-allowed', detail: `a ${grant.kind} token may not say ${definition.type}` }
}

export function templateOf(definition: EventDefinition, batch: BatchContext): Template {
  const shape = shapeOf(definition)
  const bound = boundBy(definition, batch)
  const start: Fields = { ...shape.blank }
  let print = 0x811c9dc5
  let contradiction: Problem | null = null
  for (const name in batch.common) {
    const said = batch.common[name]
    const decider = shape.deciders.get(name)
    if (decider === undefined || decider === 'collector') continue
    start[name] = said
    const held = decider === 'grant' ? bound[name] : undefined
    if (held === undefined) print = fingerprint(print, said)
    else if (said !== null && said !== undefined && said !== held) {
      contradiction = { reason: 'token-mismatch', detail: `${name} is not the one the token was given for` }
    }
  }
  for (const name in bound) {
    if (bound[name] !== undefined && shape.deciders.has(name)) start[name] = bound[name]
  }
  start['sentAt'] = batch.sentAt
  start['receivedAt'] = batch.receivedAt
  start['sourceFormat'] = batch.sourceFormat
  const refused = notAllowed(definition, batch.grant)
  return { definition, shape, start, bound, print, notAllowed: refused, contradiction }
}
