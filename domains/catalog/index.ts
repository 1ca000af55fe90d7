/** Catalog: what other parts may call. */
export { type Catalog, openCatalog } from '#domains/catalog/catalog.ts'
export type { Page, TitleFilter } from '#domains/catalog/list.ts'
export type { CreatorRecord } from '#domains/catalog/records.ts'
export type { NewTitle, Title, TitleChange } from '#domains/catalog/title.ts'
