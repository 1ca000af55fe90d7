/**
 * How a figure came about: the definitions it follows, the SQL it was asked with, and the rows that SQL looked at. It is
 * built from what computes the figure, and running it gives the figure as long as nothing new has come in.
 */

import { Refusal } from '#base/refusal.ts'
import type { MetricDefinition } from '#metrics/define.ts'
import { refusals } from '#metrics/errors.ts'
import type { LookedAt } from '#metrics/looked-at.ts'
import { type Ask, type Asked, type Part, type Report, type ReportName, reports } from '#metrics/reports.ts'
import type { LeftOut } from '#metrics/scope.ts'
import { laidOut, literal, runnable } from '#storage/warehouse/inlined.ts'
import type { Statement } from '#storage/warehouse/warehouse.ts'

export type Provenance = {
  readonly metrics: readonly MetricDefinition[]
  readonly from: number
  readonly to: number
  /** Everything received before this instant was in the figure. */
  readonly watermarkAt: number
  readonly include: readonly LeftOut[]
  readonly statements: readonly ShownStatement[]
  /** What is done with the answers before they are told; null: nothing. */
  readonly after: string | null
  readonly rows: string
  looked(): Promise<LookedAt>
  /** Events that are there twice count once: rows beyond that. */
  repeatedEvents(): Promise<number>
  /** The figure, from the runnable SQL, run once more; null also for what is no single number. */
  again(): Promise<number | null>
}
export type ShownStatement = {
  /** As it is asked, with `{name:Type}` where a parameter stands. */
  readonly sql: string
  /** Each as a literal of its kind. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
  readonly runnable: string
}

const shown = (statement: Statement): ShownStatement => ({
  sql: laidOut(statement.sql),
  parameters: Object.entries(statement.params ?? {}).map(([name, value]) => ({
    name,
    value: literal(value),
  })),
  runnable: laidOut(runnable(statement).sql),
})

/** All parts of a report as one: each statement and definition once. */
function together(parts: readonly Part[]): Part {
  const [first] = parts as [Part]
  return {
    ...first,
    metrics: [...new Set(parts.flatMap(({ metrics }) => metrics))],
    statements: (asked) => {
      const all = parts.flatMap(({ statements }) => statements(asked))
      return [...new Map(all.map((statement) => [statement.sql, statement])).values()]
    },
    after: [...new Set(parts.flatMap(({ after }) => after ?? []))].join(' ') || null,
    value: async () => null,
  }
}

function partOf(name: ReportName, of: string | null): Part {
  const { parts, whole }: Report = reports[name]
  if (of === null) return whole ?? together(Object.values(parts))
  const part = Object.hasOwn(parts, of) ? parts[of] : undefined
  if (part !== undefined) return part
  const known = Object.keys(parts).join(', ')
  throw new Refusal(refusals.noSuchFigure, `There is no figure of that name here. There are: ${known}.`)
}

export const createProvenance =
  (ask: Ask) =>
  (name: ReportName, asked: Asked, of: string | null): Provenance => {
    const part = partOf(name, of)
    const { scope, moment } = asked
    const period = part.period(asked)
    const written: Ask = (statement) => ask(runnable(statement))
    const one = async <T>(statement: Statement<T>): Promise<T> => (await ask(statement))[0] as T
    return {
      metrics: part.metrics,
      ...period,
      watermarkAt: moment.watermarkAt,
      include: scope.include ?? [],
      statements: part.statements(asked).map(shown),
      after: part.after,
      rows: part.rows.what,
      looked: () => one(part.rows.looked(scope, period)),
      repeatedEvents: async () => (await one(part.rows.repeated(scope, period))).repeated,
      again: async () => (await part.value?.(written, asked)) ?? null,
    }
  }
