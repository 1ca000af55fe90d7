/** What tenancy refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  badTenant: {
    code: 'SV_BAD_TENANT',
    status: 400,
    fix: 'Use an id of lower-case letters, digits and dashes that begins with a letter, and a name.',
  },
  noSuchTenant: { code: 'SV_NO_SUCH_TENANT', status: 404, fix: 'Make the tenant first.' },
})
