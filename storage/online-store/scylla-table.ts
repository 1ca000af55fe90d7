/** The one table of the online store on a cluster: a partition an entity, its rows sorted by item. No TTL: deletes stay. */
export const ROWS_TABLE = `CREATE TABLE IF NOT EXISTS online_rows (
  space text, tenant text, entity text, item text, value text,
  PRIMARY KEY ((space, tenant, entity), item)
) WITH compaction = {'class': 'LeveledCompactionStrategy'}`
