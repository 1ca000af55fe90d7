/** What an import refuses, and what to do about it. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  sourceMissing: {
    code: 'SV_IMPORT_SOURCE_MISSING',
    status: 404,
    fix: 'Name a file, or a folder with an unpacked copy of MovieLens.',
  },
  layoutUnknown: {
    code: 'SV_IMPORT_LAYOUT',
    status: 422,
    fix: 'Say which it is with --layout: ml-100k, ml-1m, ml-25m, csv or parquet.',
  },
  columnsUnknown: {
    code: 'SV_IMPORT_COLUMNS',
    status: 422,
    fix: 'Say which is which: --columns viewer=user_id,title=item_id,at=timestamp (and strength=rating).',
  },
  unreadable: {
    code: 'SV_IMPORT_UNREADABLE',
    status: 422,
    fix: 'Correct the row named, or write the file again as CSV (RFC 4180) or Parquet; check that --layout is right.',
  },
  tooManyBadRows: {
    code: 'SV_IMPORT_BAD_ROWS',
    status: 422,
    fix: 'Correct the rows named; where nearly all are refused, check --columns, --at-unit and --layout.',
  },
  nothingLeft: {
    code: 'SV_IMPORT_EMPTY',
    status: 422,
    fix: 'Give a file with rows; with --min-rating, ask for less.',
  },
  tooLarge: {
    code: 'SV_IMPORT_TOO_LARGE',
    status: 413,
    fix: 'Import a part of it: the latest months, or a sample of the viewers.',
  },
  changed: {
    code: 'SV_IMPORT_CHANGED',
    status: 409,
    fix: 'Import it again when nothing writes to the file any more.',
  },
  nameTaken: {
    code: 'SV_IMPORT_NAME_TAKEN',
    status: 409,
    fix: 'Give it another name with --name, or remove the one there is: streamverse imports remove NAME.',
  },
  importMissing: {
    code: 'SV_IMPORT_MISSING',
    status: 404,
    fix: 'List the imports with `streamverse imports` and name one of them.',
  },
})
