/**
 * The media store in a bucket of S3, or of any server that speaks it. An object is there whole or not at all: what is
 * large or of unknown length goes up in parts that nobody sees before the last. A prefix is a folder, as on disk.
 */
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/media/errors.ts'
import { checkedKey, checkedPrefix } from '#storage/media/keys.ts'
import type { MediaObject, MediaStore } from '#storage/media/media-store.ts'
import { readS3Address, type S3Address, type S3Credentials } from '#storage/media/s3-address.ts'

/** Up to here one request; beyond, parts of at least this. S3 takes 10,000 parts of an object. */
const PART_BYTES = 8 * 1024 * 1024
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 4
/** What one request of DeleteObjects takes. */
const DELETE_AT_ONCE = 1000
/** A viewer on a slow line holds a socket as long as it reads. */
const SOCKETS = 1000
const CONNECT_MS = 5000
const ATTEMPTS = 5

export type S3Options = {
  /** `s3://bucket/prefix?region=...&endpoint=...` */
  readonly url: string
  /** Without, the SDK finds them as it does everywhere: environment, profile, the machine's role. */
  readonly credentials?: S3Credentials
}

/** Connects and sees that the bucket is there. It is never made: where and for whom is the owner's choice. */
export async function openS3({ url, credentials }: S3Options): Promise<MediaStore> {
  const address = readS3Address(url)
  if (address === null) throw new Refusal(refusals.refused, 'MEDIA_URL names no bucket.')
  const client = connect(address, credentials)
  const { bucket: Bucket, prefix: above } = address
  try {
    await client.send(new HeadBucketCommand({ Bucket }))
  } catch (error) {
    client.destroy()
    throw explained(error, `The bucket ${Bucket} cannot be used`)
  }
  const Key = (key: string): string => above + checkedKey(key)

  const upload = async (key: string, body: Readable, partSize: number): Promise<void> => {
    const parts = { partSize, queueSize: PARTS_AT_ONCE, leavePartsOnError: false }
    try {
      await new Upload({ client, params: { Bucket, Key: key, Body: body }, ...parts }).done()
    } catch (error) {
      // What the source itself says stays as it is.
      throw isOfClient(error) ? explained(error, `${key} cannot be kept`) : error
    }
  }
  const head = async (key: string): Promise<MediaObject | null> => {
    const at = Key(key)
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket, Key: at }))
      return {
        sizeBytes: found.ContentLength ?? 0,
        modifiedAt: found.LastModified?.getTime() ?? 0,
        etag: found.ETag ?? '',
      }
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw explained(error, `${key} cannot be looked up`)
    }
  }
  const get = async (
    key: string,
    range?: { start: number; end: number },
  ): Promise<GetObjectCommandOutput> => {
    const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }
    const at = Key(key)
    try {
      return await client.send(new GetObjectCommand({ Bucket, Key: at, ...Range }))
    } catch (error) {
      if (statusOf(error) === 404)
        throw new Refusal(refusals.missing, `There is no ${key}.`, { cause: error })
      if (statusOf(error) === 416)
        throw new Refusal(refusals.badRange, `${key} has fewer bytes.`, { cause: error })
      throw explained(error, `${key} cannot be read`)
    }
  }
  const list = async (prefix: string): Promise<string[]> => {
    const folder = checkedPrefix(prefix)
    const keys: string[] = []
    const within = { Bucket, Prefix: folder === '' ? above : `${above}${folder}/` }
    try {
      for await (const page of paginateListObjectsV2({ client }, within)) {
        for (const { Key: key = '' } of page.Contents ?? []) keys.push(key.slice(above.length))
      }
    } catch (error) {
      throw explained(error, `${prefix} cannot be listed`)
    }
    return keys.sort()
  }
  return {
    put: async (key, content) => {
      const at = Key(key)
      if (!(content instanceof Uint8Array)) return upload(at, content, PART_BYTES)
      try {
        await client.send(
          new PutObjectCommand({ Bucket, Key: at, Body: content, ContentLength: content.length }),
        )
      } catch (error) {
        throw explained(error, `${key} cannot be kept`)
      }
    },
    putFile: async (key, file) => {
      const at = Key(key)
      const { size } = await stat(file)
      await upload(at, createReadStream(file), Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS)))
      await rm(file)
    },
    head,
    read: async (key, range) => {
      if (range !== undefined && (range.start < 0 || range.end < range.start)) {
        throw new Refusal(refusals.badRange, `${range.start} to ${range.end} is no range.`)
      }
      const { Body, ContentRange = '' } = await get(key, range)
      const body = Body as Readable
      const sizeBytes = Number(/\/(\d+)$/.exec(ContentRange)?.[1] ?? Number.POSITIVE_INFINITY)
      if (range === undefined || range.end < sizeBytes) return body
      // S3 would give the bytes there are; those asked for are not.
      body.destroy()
      throw new Refusal(refusals.badRange, `${key} has ${sizeBytes} bytes.`)
    },
    bytes: async (key) => {
      const { Body } = await get(key)
      return Body === undefined ? new Uint8Array() : Body.transformToByteArray()
    },
    list,
    deletePrefix: async (prefix) => {
      const folder = checkedPrefix(prefix)
      if (folder === '') throw new Refusal(refusals.badKey, 'Everything is not a prefix to delete.')
      const keys = [folder, ...(await list(folder))].map((key) => ({ Key: above + key }))
      for (let at = 0; at < keys.length; at += DELETE_AT_ONCE) {
        const Objects = keys.slice(at, at + DELETE_AT_ONCE)
        const remove = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })
        const { Errors = [] } = await client.send(remove).catch((error: unknown) => {
          throw explained(error, `${prefix} cannot be removed`)
        })
        const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
        if (first !== undefined) throw new Error(`${first.Key} cannot be removed: ${first.Message}`)
      }
    },
    close: async () => client.destroy(),
  }
}

function connect({ region, endpoint, pathStyle }: S3Address, credentials?: S3Credentials): S3Client {
  const sockets = { keepAlive: true, maxSockets: SOCKETS }
  return new S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: ATTEMPTS,
    // Checksums in trailers are not understood by every server that speaks S3.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent(sockets),
    },
  })
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode

const isOfClient = (error: unknown): boolean => Object.hasOwn(error as object, '$metadata')

/** 3xx and 4xx are the bucket's, the key's or the region's fault; the rest is the network's or the server's. */
function explained(error: unknown, what: string): Refusal {
  const status = statusOf(error) ?? 500
  const { name, message } = error as Error
  const refused = status < 500 || name === 'CredentialsProviderError'
  return new Refusal(refused ? refusals.refused : refusals.unavailable, `${what}: ${name} ${message}.`, {
    cause: error,
  })
}
