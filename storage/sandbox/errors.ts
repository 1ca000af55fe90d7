/** What the sandbox refuses of the SQL it is given. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  notAllowed: {
    code: 'SV_SQL_NOT_ALLOWED',
    status: 403,
    fix: 'Ask one SELECT of the tables that SHOW TABLES lists, without settings, files or other sources.',
  },
  wrong: {
    code: 'SV_SQL_WRONG',
    status: 400,
    fix: 'Correct the statement as the message says; SHOW TABLES and DESCRIBE <table> tell what there is.',
  },
  tooMuch: {
    code: 'SV_SQL_TOO_MUCH',
    status: 422,
    fix: 'Ask for less: aggregate, add LIMIT, take fewer columns or a shorter time.',
  },
  tooSlow: {
    code: 'SV_SQL_TOO_SLOW',
    status: 422,
    fix: 'Ask for less: a statement may run for 30 seconds.',
  },
  ended: {
    code: 'SV_SQL_ENDED',
    status: 503,
    fix: 'Ask again: the process that answers SQL ended and is started anew. If the same statement ends it twice, change it.',
  },
})

/** Refusals by the word the sandbox process says to its parent. */
export type SandboxRefusal = keyof typeof refusals
