/** What became of one item in a stream: kept, dropped for a known reason, or set aside with a known reason. */
export type Outcome<T, Reason extends string> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'drop'; readonly reason: Reason }
  | { readonly kind: 'deadLetter'; readonly reason: Reason; readonly detail: string }

export const ok = <T>(value: T): { kind: 'ok'; value: T } => ({ kind: 'ok', value })
export const drop = <R extends string>(reason: R): { kind: 'drop'; reason: R } => ({ kind: 'drop', reason })
export const deadLetter = <R extends string>(
  reason: R,
  detail: string,
): { kind: 'deadLetter'; reason: R; detail: string } => ({
  kind: 'deadLetter',
  reason,
  detail,
})
