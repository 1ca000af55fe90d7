/** What a ClickHouse server's errors mean to us: worth another try, refused, out of time, or a mistake of ours. */
import { ClickHouseError } from '@clickhouse/client'
import type { RefusalDefinition } from '#base/refusal.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/warehouse/errors.ts'

export type ErrorKind = 'away' | 'tooSlow' | 'refused' | 'noDatabase' | 'ours'

const BUSY = new Set([
  'ALL_CONNECTION_TRIES_FAILED',
  'KEEPER_EXCEPTION',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'SOCKET_TIMEOUT',
  'TABLE_IS_READ_ONLY',
  'TOO_FEW_LIVE_REPLICAS',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'UNKNOWN_STATUS_OF_INSERT',
  'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE',
])
const REFUSED = new Set([
  'ACCESS_DENIED',
  'AUTHENTICATION_FAILED',
  'REQUIRED_PASSWORD',
  'UNKNOWN_USER',
  'WRONG_PASSWORD',
])
const NETWORK =
  /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|socket hang up|Timeout error/

export function kindOf(error: unknown): ErrorKind {
  if (error instanceof ClickHouseError) {
    const type = error.type ?? ''
    if (type === 'TIMEOUT_EXCEEDED') return 'tooSlow'
    if (type === 'UNKNOWN_DATABASE') return 'noDatabase'
    if (REFUSED.has(type)) return 'refused'
    return BUSY.has(type) ? 'away' : 'ours'
  }
  if (error instanceof Refusal) return 'ours'
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return NETWORK.test(`${code} ${message}`) ? 'away' : 'ours'
}

export const refusalOf = (kind: Exclude<ErrorKind, 'ours'>): RefusalDefinition =>
  ({
    away: refusals.unavailable,
    tooSlow: refusals.tooSlow,
    refused: refusals.refused,
    noDatabase: refusals.refused,
  })[kind]
