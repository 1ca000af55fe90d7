/** The few shapes figures have, as SQL: counts, sums, one sum over another, quantiles of what views have. */

/** An expression of ClickHouse, handed the condition that a row is counted. */
export type Expression = (counted: string) => string

const and = (counted: string, condition: string | undefined): string =>
  condition === undefined ? counted : `${counted} AND ${condition}`

export const count =
  (condition?: string): Expression =>
  (counted) =>
    `toUInt32(countIf(${and(counted, condition)}))`

export const sum =
  (column: string, condition?: string): Expression =>
  (counted) =>
    `sumIf(toFloat64(${column}), ${and(counted, condition)})`

/** `factor` x part / whole, of sums: never a mean of ratios. Null where the whole is nothing. */
export const over =
  (part: Expression, whole: Expression, factor = 1): Expression =>
  (counted) =>
    `if(${whole(counted)} > 0, ${factor} * ${part(counted)} / ${whole(counted)}, NULL)`

export const percent = (part: Expression, whole: Expression): Expression => over(part, whole, 100)

/** The value of rank floor(level x n), from 0, among the n views that have one. */
export const quantile =
  (level: number, value: string): Expression =>
  (counted) =>
    `toFloat64(quantileExactOrNullIf(${level})(${value}, ${counted}))`

export const unique =
  (column: string): Expression =>
  (counted) =>
    `toUInt32(uniqExactIf(${column}, ${counted} AND ${column} IS NOT NULL))`
