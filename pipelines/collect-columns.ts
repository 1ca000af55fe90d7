/**
 * The collector's short way: a batch whose events all come in known forms goes from its bytes into columns, and passes
 * the same steps column by column. Anything else about it (a duplicate, a contradiction, a time outside the window) and
 * it goes the long way as if nothing had happened.
 */
import { required } from '#base/assert.ts'
import { fnv1a } from '#base/ids.ts'
import type { ColumnValues } from '#events/run.ts'
import { type BatchContext, problemOfForm, type Template, templateOf } from '#pipelines/batch-context.ts'
import { SKEW_MS } from '#pipelines/clock-skew.ts'
import type { PassedColumns } from '#pipelines/keep-events.ts'
import type { Scanned } from '#pipelines/scan/scanner.ts'

/** Null when the batch must go the long way. The columns hold until the scanner scans again. */
export function takeColumns(scanned: Scanned, batch: BatchContext): PassedColumns | null {
  const { forms, count, columns, createdAt, stream } = scanned
  const templates: Template[] = []
  for (const { definition, form } of forms) {
    const template = templateOf(definition, batch)
    if (template.notAllowed !== null || template.contradiction !== null || template.extras !== null)
      return null
    if (problemOfForm(template, form) !== null) return null
    templates.push(template)
  }
  const shared = templates[0]?.fields
  // Types that may be said by different people share different fields.
  if (shared === undefined || templates.some(({ fields }) => fields !== shared)) return null
  if (typeof shared[stream.key] !== 'string') return null
  const derivedAt = timesOf(createdAt, batch)
  if (derivedAt === null) return null
  const seeds = templates.map(({ print }) => print)
  const times: ColumnValues = { kind: 'numbers', states: statesOf(count), values: derivedAt }
  const said = new Map(columns)
  said.set('derivedAt', times)
  said.set('type', typesOf(scanned))
  return {
    stream,
    run: { shared, count, said },
    ...scanned.tell(seeds, fnv1a(batch.tenantId)),
  }
}

/** When each happened, by our clock; null when one of them lies outside its window. */
function timesOf(createdAt: Float64Array, batch: BatchContext): Float64Array | null {
  const { sentAt, receivedAt, grant, lateMs } = batch
  const shiftMs = Math.abs(receivedAt - sentAt) <= SKEW_MS ? 0 : receivedAt - sentAt
  const latest = receivedAt + SKEW_MS
  const bounded = grant.kind !== 'import'
  const from = bounded ? Math.max(receivedAt - lateMs, grant.issuedAt - SKEW_MS) : Number.NEGATIVE_INFINITY
  const to = bounded ? Math.min(latest, grant.expiresAt) : latest
  const times = new Float64Array(createdAt.length)
  for (let i = 0; i < times.length; i++) {
    const at = (createdAt[i] as number) + shiftMs
    if (!(at >= from && at <= to)) return null
    times[i] = at
  }
  return times
}

let ones = new Uint8Array(0)
/** Said by every event. */
function statesOf(count: number): Uint8Array {
  if (ones.length < count) ones = new Uint8Array(count * 2).fill(1)
  return ones.subarray(0, count)
}

const typesOf = ({ forms, formAt, count }: Scanned): ColumnValues => ({
  kind: 'words',
  states: statesOf(count),
  values: formAt,
  textOf: (form) => required(forms[form], 'form').definition.type,
})
