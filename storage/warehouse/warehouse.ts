/**
 * The warehouse: ClickHouse, embedded or by URL, one SQL dialect. A projection of the log that can be rebuilt.
 * Promises: an insert that resolved survives a power cut; an insert repeated with its token adds nothing;
 * parameters are bound by the engine, never pasted into SQL.
 */

/** A statement with `{name:Type}` placeholders and their values. `T` is the row that comes back. */
export type Statement<T = unknown> = {
  readonly sql: string
  readonly params?: Readonly<Record<string, Param>>
  /** Never set: carries the row type. */
  readonly row?: T
}
export type Param = string | number | boolean | null | readonly (string | number)[]

/** Typed columns of an answer, for work over many rows: numbers as typed arrays, the rest as arrays. */
export type ColumnSet = {
  readonly rows: number
  readonly columns: Readonly<Record<string, ArrayLike<number> | ArrayLike<bigint> | readonly unknown[]>>
}

export type Warehouse = {
  /**
   * Rows as objects. 64-bit integers come as numbers (all ours stay under 2^53), instants as `DateTime64` text unless
   * the SQL converts them.
   */
  query<T>(statement: Statement<T>, options?: QueryOptions): Promise<T[]>
  /** The answer column by column. */
  columns(statement: Statement, options?: QueryOptions): Promise<ColumnSet>
  /** The answer as bytes in a ClickHouse format (Parquet, ArrowStream, CSVWithNames ...). */
  bytes(statement: Statement, format: string, options?: QueryOptions): Promise<Uint8Array>
  /** DDL, `INSERT ... SELECT`, mutations. */
  command(statement: Statement, options?: QueryOptions & { readonly insertToken?: string }): Promise<void>
  /**
   * Inserts `Native` blocks whose columns are named in them. Durable when it resolves. Said once: when the answer is
   * lost it rejects with `SV_WAREHOUSE_UNAVAILABLE`, and the rows may be there.
   * `token` names the content: the same token again adds nothing, as long as the engine remembers it. It does not
   * promise to: it does not sync the list of its tokens, and one line of it torn by a power cut hides all that follow.
   */
  insertNative(
    table: string,
    blocks: readonly Uint8Array[],
    options: { readonly token?: string },
  ): Promise<void>
  /**
   * Tables of another name space of the same engine, made when it is not there. Its name is of letters, digits and `_`.
   * Lives as long as this one, and has its data until they are dropped with `dropDatabase`.
   */
  inDatabase(name: string): Promise<Warehouse>
  dropDatabase(name: string): Promise<void>
  close(): Promise<void>
}

export type QueryOptions = {
  /** Stops the query in the engine. Default 30 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Tags a template as SQL text, for editors and for the rule on where SQL may live. No interpolation of values: use params. */
export const sql = (parts: TemplateStringsArray, ...trusted: readonly string[]): string =>
  String.raw({ raw: parts }, ...trusted)
