/**
 * What each store can be, and who opens it: embedded in a folder, or a server by its URL's scheme. The only switch on
 * engine names. A server's client is loaded when one is named.
 */
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { streams } from '#events/registry.ts'
import { refusals } from '#storage/errors.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { readKafkaUrl } from '#storage/event-log/kafka-url.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { guestLog } from '#storage/guest-log.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { readS3Address, type S3Credentials } from '#storage/media/s3-address.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'
import { readAddress, SCYLLA_SCHEMES } from '#storage/online-store/scylla-address.ts'
import { openEmbeddedPostgres, openPostgresUrl } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'
import { readRunFile } from '#storage/records/run-file.ts'
import { attachChdb, openChdb } from '#storage/warehouse/chdb.ts'
import { CLICKHOUSE_SCHEMES } from '#storage/warehouse/clickhouse-address.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type Opened = {
  readonly log: EventLog
  readonly warehouse: Warehouse
  readonly online: OnlineStore
  readonly records: Records
  readonly media: MediaStore
}
export type Store = keyof Opened

export type DriverOptions = {
  readonly clock: Clock
  readonly log: Log
  /** Keys of the bucket, where media is kept in one and the machine itself has no right to it. */
  readonly mediaKeys?: S3Credentials | null
}

type Server<T> = {
  readonly schemes: readonly string[]
  /** What to do about a URL that does not name all that is needed; null when it does. */
  readonly problem: (url: string) => string | null
  readonly open: (url: string, options: DriverOptions) => Promise<T>
}
type Driver<T> = {
  /** The setting that names the store's URL. */
  readonly setting: string
  /** Its folder in the data directory. */
  readonly folder: string
  readonly embedded: (dir: string, options: DriverOptions) => Promise<T>
  /** Beside a platform that has the embedded store open. */
  readonly beside: (dir: string, options: DriverOptions) => Promise<T>
  readonly servers: readonly Server<T>[]
}

/** The scheme with its colon, in small letters; empty when there is none. Addresses of several hosts are no URLs to Node. */
export const schemeOf = (url: string): string => /^[a-z][\w+.-]*:(?=\/\/)/i.exec(url)?.[0].toLowerCase() ?? ''

const writtenAs = (example: string, fits: (url: string) => boolean) => (url: string) =>
  URL.canParse(url) && fits(url) ? null : `write it as ${example}`
const hasHost = (url: string): boolean => new URL(url).hostname !== ''

export const drivers: { readonly [S in Store]: Driver<Opened[S]> } = {
  log: {
    setting: 'LOG_URL',
    folder: 'event-log',
    embedded: (dir, options) => openSegmentLog({ ...options, dir, streams }),
    beside: async () => guestLog,
    servers: [
      {
        schemes: ['kafka:', 'kafkas:'],
        problem: (url) => {
          const read = readKafkaUrl(url)
          return 'problem' in read ? read.problem : null
        },
        open: async (url, options) => {
          const { openKafkaLog } = await import('#storage/event-log/kafka.ts')
          return openKafkaLog({ ...options, url, streams })
        },
      },
    ],
  },
  warehouse: {
    setting: 'WAREHOUSE_URL',
    folder: 'warehouse',
    embedded: (dir, options) => openChdb({ ...options, dir }),
    beside: (dir) => attachChdb({ dir }),
    servers: [
      {
        schemes: CLICKHOUSE_SCHEMES,
        problem: writtenAs('clickhouse://user:password@host:8123/database', hasHost),
        open: async (url, options) => {
          const { openClickHouse } = await import('#storage/warehouse/clickhouse.ts')
          return openClickHouse({ ...options, url })
        },
      },
    ],
  },
  online: {
    setting: 'ONLINE_URL',
    folder: 'online-store',
    embedded: async (dir) => openLmdb({ dir }),
    beside: async (dir) => openLmdb({ dir }),
    servers: [
      {
        schemes: SCYLLA_SCHEMES,
        problem: writtenAs(
          'scylla://user:password@host,host:9042/keyspace?dc=name',
          (url) => readAddress(url) !== null,
        ),
        open: async (url, options) => {
          const { openScylla } = await import('#storage/online-store/scylla.ts')
          return openScylla({ ...options, url })
        },
      },
    ],
  },
  records: {
    setting: 'RECORDS_URL',
    folder: 'records',
    embedded: (dir, options) => openEmbeddedPostgres({ ...options, dir }),
    beside: async (dir, options) => {
      const url = readRunFile(dir)?.url
      if (url !== undefined) return openPostgresUrl({ ...options, url })
      throw new Refusal(
        refusals.inUse,
        'The platform there is just starting or stopping; try again in a moment.',
      )
    },
    servers: [
      {
        schemes: ['postgres:', 'postgresql:'],
        // A server's socket may be named instead of a host.
        problem: writtenAs('postgres://user:password@host:5432/database', () => true),
        open: (url, options) => openPostgresUrl({ ...options, url }),
      },
    ],
  },
  media: {
    setting: 'MEDIA_URL',
    folder: 'media',
    embedded: async (dir) => openDiskMedia({ dir }),
    beside: async (dir) => openDiskMedia({ dir }),
    servers: [
      {
        schemes: ['s3:'],
        problem: writtenAs(
          's3://bucket/prefix?region=eu-west-1, with its keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
          (url) => readS3Address(url) !== null,
        ),
        open: async (url, { mediaKeys }) => {
          const { openS3 } = await import('#storage/media/s3.ts')
          return openS3({ url, ...(mediaKeys ? { credentials: mediaKeys } : {}) })
        },
      },
    ],
  },
}
export const stores = Object.keys(drivers) as Store[]
