/** What the workbench refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  unknownKey: {
    code: 'SV_SQL_KEY_UNKNOWN',
    status: 401,
    fix: 'Send `Authorization: Bearer <key>` with a key that `streamverse sql-key` made and nobody revoked.',
  },
  badKeyName: {
    code: 'SV_SQL_KEY_NAME',
    status: 400,
    fix: 'Name the key after who has it, in 1 to 80 printable characters.',
  },
  noSuchKey: {
    code: 'SV_SQL_KEY_NOT_FOUND',
    status: 404,
    fix: 'List the keys with `streamverse sql-key --list`.',
  },
  tooOften: {
    code: 'SV_SQL_TOO_OFTEN',
    status: 429,
    fix: 'Wait for the time in `Retry-After`: a key may ask 120 times a minute.',
  },
  badFormat: {
    code: 'SV_SQL_FORMAT',
    status: 400,
    fix: 'Ask with `?format=arrow`, `parquet`, `csv` or `json`.',
  },
})
