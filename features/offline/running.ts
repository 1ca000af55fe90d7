/**
 * Sums that run along the time at which things became known: one row a change, so that a value of any moment is the last
 * row before it. No sum depends on the order in which rows come.
 */
import { DAY_MS, ENTITY_KEYS, type Entity } from '#features/offline/define.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

export type Running = {
  readonly entity: Entity
  readonly from: 'view_facts' | 'shown_facts'
  readonly where: string
  /** What is summed up, by name: SQL over a row. */
  readonly sums: Readonly<Record<string, string>>
  /** The value: SQL over the names of the sums. */
  readonly value: string
  /** Sums of fractions: what became known at one instant is added in order of size, not as it comes. */
  readonly fractions?: boolean
  /** What began longer ago than this leaves the sums again; all stays without it. */
  readonly days?: number
}

/** Rows of a feature: key columns, eventAt, knownAt, value. */
export function running({ entity, from, where, sums, value, fractions, days }: Running): string {
  const keys = ENTITY_KEYS[entity].join(', ')
  const names = Object.keys(sums)
  const summed = (part: string): string =>
    fractions === true ? `arraySum(arraySort(groupArray(${part})))` : `sum(${part})`
  const leavesAt = sql`startedAt + ${String((days ?? 0) * DAY_MS)}`
  const changes =
    days === undefined
      ? sql`[(availableAt, eventAt, knownAt, 1)]`
      : sql`if(${leavesAt} > availableAt,
          [(availableAt, eventAt, knownAt, 1), (${leavesAt}, ${leavesAt}, ${leavesAt}, -1)], [])`
  return sql`
    SELECT ${keys}, eventAt, knownAt, ${value} AS value
    FROM (
      SELECT ${keys}, max(happened) OVER earlier AS eventAt, max(known) OVER earlier AS knownAt,
        ${names.map((name) => `sum(more_${name}) OVER earlier AS ${name}`).join(', ')}
      FROM (
        SELECT ${keys}, change.1 AS changedAt, max(change.2) AS happened, max(change.3) AS known,
          ${names.map((name) => `${summed(`change.4 * (${sums[name]})`)} AS more_${name}`).join(', ')}
        FROM ${from} ARRAY JOIN ${changes} AS change
        WHERE ${where}
        GROUP BY ${keys}, changedAt)
      WINDOW earlier AS (PARTITION BY ${keys} ORDER BY changedAt ROWS UNBOUNDED PRECEDING))`
}
