/** The tenants of a fresh platform: the one the pages show, until tenants have domains of their own. */
export const DEMO_TENANT = 'demo'
