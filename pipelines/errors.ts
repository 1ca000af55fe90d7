/** What the collector refuses as a whole, and what the sender should do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  unreadable: {
    code: 'SV_BATCH_UNREADABLE',
    status: 400,
    fix: 'Send one JSON object `{ "writeKey", "token", "sentAt", "events": [...] }`.',
  },
  unknownWriteKey: {
    code: 'SV_WRITE_KEY_UNKNOWN',
    status: 401,
    fix: "Send the tenant's write key as `writeKey` or in the header `x-streamverse-key`.",
  },
  tokenMissing: {
    code: 'SV_TOKEN_MISSING',
    status: 401,
    fix: 'Send the token of the play session or of the viewer as `token`.',
  },
  tokenRefused: {
    code: 'SV_TOKEN_REFUSED',
    status: 403,
    fix: 'Ask for a new play session; this token was never ours, was changed, or belongs to another tenant.',
  },
  tokenOver: {
    code: 'SV_TOKEN_OVER',
    status: 410,
    fix: 'Stop reporting with this token; ask for a new play session.',
  },
  bodyTooLarge: {
    code: 'SV_BODY_TOO_LARGE',
    status: 413,
    fix: 'Send smaller batches: at most 1 MB and 1000 events.',
  },
  tooManyEvents: {
    code: 'SV_TOO_MANY_EVENTS',
    status: 429,
    fix: 'Wait for the time in `Retry-After`, then send the same batch again.',
  },
  busy: {
    code: 'SV_COLLECTOR_BUSY',
    status: 503,
    fix: 'Wait for the time in `Retry-After`, then send the same batch again.',
  },
  tooMuchHistory: {
    code: 'SV_KNOWN_AT_TOO_MUCH',
    status: 422,
    fix: 'Ask the command line, which takes its time: streamverse report --as-known-at.',
  },
  sqlBusy: {
    code: 'SV_SQL_BUSY',
    status: 429,
    fix: 'Ask again when your other statements have been answered.',
  },
})
