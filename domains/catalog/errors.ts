/** What the catalog refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  noSuchTitle: {
    code: 'SV_CATALOG_NO_TITLE',
    status: 404,
    fix: 'Check the id; the title may have been removed.',
  },
  noSuchCreator: { code: 'SV_CATALOG_NO_CREATOR', status: 400, fix: 'Make the creator before the title.' },
  exists: { code: 'SV_CATALOG_EXISTS', status: 409, fix: 'Take another id, or update the title there is.' },
  changedMeanwhile: {
    code: 'SV_CATALOG_CHANGED',
    status: 409,
    fix: 'Somebody else changed the title; load it again and repeat your change.',
  },
  badTitle: {
    code: 'SV_CATALOG_BAD_TITLE',
    status: 400,
    fix: 'A title has a name of 1 to 200 characters, at most 5000 of description and at most 8 genres.',
  },
  badCursor: {
    code: 'SV_CATALOG_BAD_CURSOR',
    status: 400,
    fix: 'Use a cursor of the same list, or begin again.',
  },
})
