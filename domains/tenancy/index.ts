/** Tenancy: what other parts may call. */
export { openTenancy, type Tenancy } from '#domains/tenancy/tenancy.ts'
export type { KeyedTenant, Tenant } from '#domains/tenancy/tenant.ts'
