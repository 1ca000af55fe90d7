/** What the records store refuses, and what to do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  programMissing: {
    code: 'SV_RECORDS_NO_SERVER',
    status: 500,
    fix: 'Run `npm ci` again on this machine, or set RECORDS_URL to a PostgreSQL you run.',
  },
  unreachable: {
    code: 'SV_RECORDS_UNREACHABLE',
    status: 500,
    fix: 'Run as a user who is not root, or move the project and DATA_DIR to folders that others may pass through.',
  },
  namelessUser: {
    code: 'SV_RECORDS_NAMELESS_USER',
    status: 500,
    fix: 'Run as a user that /etc/passwd names (in a container: add it with `useradd`), or set RECORDS_URL.',
  },
  cannotStart: {
    code: 'SV_RECORDS_CANNOT_START',
    status: 500,
    fix: 'Read the message; set DATA_DIR to a folder with space that this user owns, or set RECORDS_URL.',
  },
  unavailable: {
    code: 'SV_RECORDS_UNAVAILABLE',
    status: 503,
    fix: 'Try again in a moment; if it lasts, see whether PostgreSQL runs and RECORDS_URL is right.',
  },
})
