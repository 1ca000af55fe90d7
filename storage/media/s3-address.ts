/** What `s3://bucket/prefix?region=eu-west-1&endpoint=https://host` says. Keys are no part of it: URLs are printed. */
import { checkedPrefix } from '#storage/media/keys.ts'

export type S3Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type S3Address = {
  readonly bucket: string
  /** What every key begins with: empty, or ending in a slash. */
  readonly prefix: string
  readonly region: string
  /** Null: Amazon's. */
  readonly endpoint: string | null
  /** The bucket in the path instead of the host's name: what other servers than Amazon's understand. */
  readonly pathStyle: boolean
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** Null when it names no bucket, holds keys, or has a prefix or endpoint that cannot be used. */
export function readS3Address(url: string): S3Address | null {
  const { hostname, username, pathname, searchParams } = new URL(url)
  const endpoint = searchParams.get('endpoint')
  if (!BUCKET.test(hostname) || username !== '') return null
  if (endpoint !== null && !/^https?:\/\/[^/?#]+\/?$/.test(endpoint)) return null
  try {
    const prefix = checkedPrefix(pathname.slice(1))
    return {
      bucket: hostname,
      prefix: prefix === '' ? '' : `${prefix}/`,
      region: searchParams.get('region') ?? 'us-east-1',
      endpoint,
      pathStyle: endpoint !== null && searchParams.get('pathStyle') !== 'false',
    }
  } catch {
    // a prefix that is no key
    return null
  }
}
