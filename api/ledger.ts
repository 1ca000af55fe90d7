/** The collector's ledger for operators: what was said to be taken in beside what is there, and what does not balance. */
import type { Builder } from '#api/builder.ts'
import { demandRole } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import {
  LEDGER_STATES,
  type LedgerRecord,
  type LedgerStepRecord,
  type LedgerTotalsRecord,
} from '#api/ports.ts'
import { Refusal } from '#base/refusal.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** Minutes older than 35 days are no longer compared. */
const MAX_HOURS = 35 * 24
/** Beyond this many hours steps are hours, where nobody says otherwise. */
const MINUTES_UP_TO_HOURS = 6
const MAX_HOURS_BY_MINUTE = 24

type Asked = LedgerRecord & {
  readonly tenantId: string
  readonly from: number
  readonly to: number
  readonly stepMs: number
}

const COUNTS = {
  accepted: 'Events taken: stored + duplicate + dead-lettered.',
  stored: 'Events added to the log, as the collector said.',
  duplicate: 'Events that had been stored a moment ago.',
  reusedId: 'Part of stored: an id used again for another payload.',
  deadLettered: 'Events set aside as dead letters, as the collector said.',
  rows: 'Events the warehouse holds besides dead letters.',
  letters: 'Dead letters the warehouse holds.',
  lost: 'Said and not there. Alarm.',
  doubled: 'Rows whose place in the log another row has. Alarm.',
  unexplained: 'There, not said, and nobody knows why. Alarm.',
  unsaid: 'There, and not said by a collector that was killed.',
  unsure: 'There, of batches refused while the log wrote them.',
} as const

function defineSteps(builder: Builder) {
  const ReasonCount = builder
    .objectRef<{ reason: string; count: number }>('ReasonCount')
    .implement({ fields: (t) => ({ reason: t.exposeString('reason'), count: t.exposeFloat('count') }) })
  const State = builder.enumType('LedgerState', { values: LEDGER_STATES })
  const reasonsOf = ({ deadLetteredBy }: LedgerTotalsRecord) =>
    Object.entries(deadLetteredBy)
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count)
  const Totals = builder.objectRef<LedgerTotalsRecord>('LedgerTotals').implement({
    fields: (t) => ({
      accepted: t.exposeFloat('accepted', { description: COUNTS.accepted }),
      stored: t.exposeFloat('stored', { description: COUNTS.stored }),
      duplicate: t.exposeFloat('duplicate', { description: COUNTS.duplicate }),
      reusedId: t.exposeFloat('reusedId', { description: COUNTS.reusedId }),
      deadLettered: t.exposeFloat('deadLettered', { description: COUNTS.deadLettered }),
      byReason: t.field({ type: [ReasonCount], resolve: reasonsOf }),
      rows: t.exposeFloat('rows', { description: COUNTS.rows }),
      letters: t.exposeFloat('letters', { description: COUNTS.letters }),
      lost: t.exposeFloat('lost', { description: COUNTS.lost }),
      doubled: t.exposeFloat('doubled', { description: COUNTS.doubled }),
      unexplained: t.exposeFloat('unexplained', { description: COUNTS.unexplained }),
      unsaid: t.exposeFloat('unsaid', { description: COUNTS.unsaid }),
      unsure: t.exposeFloat('unsure', { description: COUNTS.unsure }),
      openMinutes: t.exposeInt('openMinutes', {
        description: 'Minutes not judged: not over, or not yet in the warehouse whole.',
      }),
    }),
  })
  const Step = builder.objectRef<LedgerStepRecord>('LedgerStep').implement({
    fields: (t) => ({
      at: t.expose('at', { type: 'Instant' }),
      state: t.field({
        type: State,
        description: 'That of its worst minute.',
        resolve: (step) => step.state,
      }),
      counts: t.field({ type: Totals, resolve: (step) => step }),
    }),
  })
  return { Totals, Step }
}

export function defineLedger(builder: Builder) {
  const { Totals, Step } = defineSteps(builder)
  const Ledger = builder.objectRef<Asked>('Ledger').implement({
    fields: (t) => ({
      from: t.expose('from', { type: 'Instant' }),
      to: t.expose('to', { type: 'Instant' }),
      stepMs: t.exposeInt('stepMs'),
      steps: t.field({
        type: [Step],
        description: 'Oldest first; steps in which nothing happened are left out.',
        resolve: ({ steps }) => [...steps],
      }),
      totals: t.field({ type: Totals, resolve: ({ totals }) => totals }),
      unbalanced: t.field({
        type: [Step],
        description: 'Minutes that are neither balanced nor open, newest first, at most 100.',
        resolve: ({ unbalanced }) => [...unbalanced],
      }),
      repeated: t.float({
        description:
          'Events whose id had been there before, sent again after we had forgotten them. Views count them once.',
        resolve: ({ tenantId, from, to }, _, { ports }) => ports.repeatedEvents(tenantId, from, to),
      }),
    }),
  })
  const StepOf = builder.enumType('LedgerStepSize', { values: ['minute', 'hour'] as const })
  builder.queryFields((t) => ({
    ledger: t.field({
      type: Ledger,
      description:
        'What the collector said it took in beside what the warehouse holds. For operators, of their tenant.',
      args: {
        hours: t.arg.int({ defaultValue: 1, description: 'How many hours until now, 1 to 840.' }),
        step: t.arg({ type: StepOf, description: 'Minutes up to 6 hours, else hours, when it is left out.' }),
      },
      resolve: async (_, { hours: asked, step }, { ports, caller }): Promise<Asked> => {
        demandRole(caller, 'operator')
        const hours = asked ?? 1
        const byMinute =
          step === null || step === undefined ? hours <= MINUTES_UP_TO_HOURS : step === 'minute'
        const most = byMinute ? MAX_HOURS_BY_MINUTE : MAX_HOURS
        if (hours < 1 || hours > most) {
          throw new Refusal(refusals.badInput, `hours is ${hours}; it must be from 1 to ${most}.`)
        }
        const stepMs = byMinute ? MINUTE_MS : HOUR_MS
        const to = ports.now()
        const from = to - (to % stepMs) - hours * HOUR_MS + stepMs
        const page = await ports.ledger(caller.tenantId, from, to, stepMs)
        return { ...page, tenantId: caller.tenantId, from, to, stepMs }
      },
    }),
  }))
}
