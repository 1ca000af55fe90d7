/** Keys of the media store: names joined by slashes, safe as file paths and as object names alike. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/media/errors.ts'

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
const MAX_LENGTH = 900

/** The key, or a refusal. No empty, hidden or climbing segments. */
export function checkedKey(key: string): string {
  if (key.length > MAX_LENGTH || !key.split('/').every((segment) => SEGMENT.test(segment))) {
    throw new Refusal(refusals.badKey, `“${key.slice(0, 100)}” is not a key of the media store.`)
  }
  return key
}

/** A prefix is a key, with or without a closing slash; empty means everything. */
export const checkedPrefix = (prefix: string): string =>
  prefix === '' ? '' : checkedKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
