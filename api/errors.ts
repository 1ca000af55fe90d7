/** What the API refuses, and what to do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  notSignedIn: { code: 'SV_NOT_SIGNED_IN', status: 401, fix: 'Step into one of the people first.' },
  notAllowed: { code: 'SV_NOT_ALLOWED', status: 403, fix: 'Step into a person whose role may do this.' },
  noSuchTitle: {
    code: 'SV_NO_SUCH_TITLE',
    status: 404,
    fix: 'Check the address; the title may have been removed.',
  },
  noSuchPerson: {
    code: 'SV_NO_SUCH_PERSON',
    status: 404,
    fix: 'Choose one of the people listed by `people`.',
  },
  notPlayable: {
    code: 'SV_NOT_PLAYABLE',
    status: 409,
    fix: 'Wait until the title is ready; simulated titles never play.',
  },
  badInput: { code: 'SV_BAD_INPUT', status: 400, fix: 'Correct the value the message names.' },
  tooLarge: {
    code: 'SV_QUERY_TOO_LARGE',
    status: 413,
    fix: 'Send a shorter document with fewer variables, with a content-length.',
  },
  unknownDocument: {
    code: 'SV_UNKNOWN_DOCUMENT',
    status: 404,
    fix: 'Send the whole document to /graphql; this server was built with others.',
  },
  tooManySubscriptions: {
    code: 'SV_TOO_MANY_SUBSCRIPTIONS',
    status: 429,
    fix: 'Close pages that are no longer looked at, then try again after the time in Retry-After.',
  },
  tooCostly: {
    code: 'SV_QUERY_TOO_COSTLY',
    status: 400,
    fix: 'Ask for fewer fields, less depth or smaller pages.',
  },
})
