/** What a part needs of a logger: structured fields first, then a sentence. pino fits. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Says nothing: for tests of parts whose log is not the point. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }
