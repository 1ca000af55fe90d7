/** Reads single settings as what they are; a mistake is told to `wrong` with what to do, and reading goes on. */
import path from 'node:path'
import { folderProblem } from '#storage/data-dir.ts'
import type { S3Credentials } from '#storage/media/s3-address.ts'
import { type StorageUrls, urlProblem } from '#storage/places.ts'

const isOrigin = (url: URL): boolean =>
  /^https?:$/.test(url.protocol) && url.hostname !== '' && url.href === `${url.origin}/`

export function createReaders(value: (name: string) => string, wrong: (name: string, fix: string) => void) {
  return {
    whole: (name: string, min: number, max: number): number => {
      const n = Number(value(name))
      if (!/^\d+$/.test(value(name)) || n < min || n > max) {
        wrong(name, `give a whole number from ${min} to ${max}`)
      }
      return n
    },
    oneOf: (name: string, words: readonly string[]): string => {
      if (!words.includes(value(name))) wrong(name, `use one of ${words.join(', ')}`)
      return value(name)
    },
    /** Where a store is kept; nothing when it is in the data directory. */
    storeUrl: (store: keyof StorageUrls, name: string): StorageUrls => {
      if (value(name) === '') return {}
      const problem = urlProblem(store, value(name))
      if (problem !== null) wrong(name, problem)
      return { [store]: value(name) }
    },
    /** Keys of the media bucket: both or none. */
    keys: (): S3Credentials | null => {
      const [accessKeyId, secretAccessKey] = [value('AWS_ACCESS_KEY_ID'), value('AWS_SECRET_ACCESS_KEY')]
      const sessionToken = value('AWS_SESSION_TOKEN')
      if (accessKeyId === '' && secretAccessKey === '') return null
      if (accessKeyId === '') wrong('AWS_ACCESS_KEY_ID', 'give the key that AWS_SECRET_ACCESS_KEY belongs to')
      if (secretAccessKey === '') wrong('AWS_SECRET_ACCESS_KEY', 'give the secret of AWS_ACCESS_KEY_ID')
      return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }
    },
    /** The whole path of a folder that is there or can be made. */
    folder: (name: string): string => {
      const dir = path.resolve(value(name))
      const problem = value(name) === '' ? 'give a folder' : folderProblem(dir)
      if (problem !== null) wrong(name, problem)
      return dir
    },
    /** Scheme, name and port of a web address; null when empty. */
    origin: (name: string): string | null => {
      if (value(name) === '') return null
      const url = URL.parse(value(name))
      if (url !== null && isOrigin(url)) return url.origin
      wrong(name, 'give http:// or https:// and a name, no path, such as https://video.example')
      return null
    },
  }
}
