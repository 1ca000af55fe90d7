/**
 * How rows are divided. By time: one moment for everybody, the last fifth of the plays to judge by, the tenth before it to
 * choose by. Leave-one-out, the protocol of papers: each viewer's last play, and the one before it; moments then differ
 * between viewers and what is learned leaks from later plays of others, so it is for comparison with papers only.
 */
import { type Statement, sql } from '#storage/warehouse/warehouse.ts'

export const SPLITS = ['time', 'leave-one-out'] as const
export type Split = (typeof SPLITS)[number]

const TEST_SHARE = 0.2
const VALIDATION_SHARE = 0.1
/** A viewer of fewer plays is learned from and not judged. */
const FEWEST_PLAYS = 3

/** The moments of a split by time, epoch ms, from table `labelled`; null where there are no plays. */
export type Moments = { readonly validationFrom: number | null; readonly testFrom: number | null }

export const moments: Statement<Moments> = {
  sql: sql`
    WITH (SELECT arraySort(groupArray(at)) FROM labelled WHERE kind = 'play') AS ats
    SELECT if(empty(ats), NULL, ats[1 + least(length(ats) - 1,
        toUInt32(floor(length(ats) * (1 - ${String(TEST_SHARE)} - ${String(VALIDATION_SHARE)}))))]) AS validationFrom,
      if(empty(ats), NULL, ats[1 + least(length(ats) - 1,
        toUInt32(floor(length(ats) * (1 - ${String(TEST_SHARE)}))))]) AS testFrom`,
}

/** Rows of `labelled` with the column `split`: train, validation or test. */
export function splitRows(split: Split, { validationFrom, testFrom }: Moments): Statement {
  if (split === 'time') {
    return {
      sql: sql`SELECT *, multiIf(at >= {testFrom:Int64}, 'test', at >= {validationFrom:Int64}, 'validation', 'train') AS split
        FROM labelled`,
      params: { testFrom: testFrom ?? 0, validationFrom: validationFrom ?? 0 },
    }
  }
  return {
    sql: sql`
      SELECT labelled.*, multiIf(empty(last.ats), 'train', labelled.at >= last.ats[1], 'test',
        labelled.at >= last.ats[2], 'validation', 'train') AS split
      FROM labelled
      LEFT JOIN (
        SELECT viewerKey, arrayReverseSort(groupArray(at)) AS ats FROM labelled WHERE kind = 'play'
        GROUP BY viewerKey HAVING length(ats) >= ${String(FEWEST_PLAYS)}) AS last
        ON last.viewerKey = labelled.viewerKey`,
  }
}
