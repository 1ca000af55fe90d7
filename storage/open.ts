/** Opens every store by its URL, embedded in the data directory where none is given: the only switch on engine names. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '#base/clock.ts'
import { createClosing } from '#base/closing.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { streams } from '#events/registry.ts'
import { bringUpToDate, checkFormat } from '#storage/data-dir.ts'
import { takeLock } from '#storage/data-dir-lock.ts'
import { refusals } from '#storage/errors.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { openSegmentLog } from '#storage/event-log/segments.ts'
import { guestLog } from '#storage/guest-log.ts'
import { openDiskMedia } from '#storage/media/disk.ts'
import type { MediaStore } from '#storage/media/media-store.ts'
import { openLmdb } from '#storage/online-store/lmdb.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'
import { openEmbeddedPostgres, openPostgresUrl } from '#storage/records/postgres.ts'
import type { Records } from '#storage/records/records.ts'
import { readRunFile } from '#storage/records/run-file.ts'
import { attachChdb, openChdb } from '#storage/warehouse/chdb.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type StorageUrls = {
  readonly log?: string
  readonly warehouse?: string
  readonly online?: string
  readonly records?: string
  readonly media?: string
}
export type Storage = {
  readonly eventLog: EventLog
  readonly warehouse: Warehouse
  readonly online: OnlineStore
  readonly records: Records
  readonly media: MediaStore
  /** A guest beside a running platform: reads all, writes no events. */
  readonly attached: boolean
  close(): Promise<void>
}
export type StorageOptions = {
  readonly dataDir: string
  readonly urls: StorageUrls
  readonly clock: Clock
  readonly log: Log
  /** `guest`: beside a platform that runs on the directory, or as its only user when none runs. */
  readonly role?: 'platform' | 'guest'
}

/** What each store can be, besides a folder: the schemes its URL may have. */
const SCHEMES: Record<keyof StorageUrls, { readonly setting: string; readonly schemes: readonly string[] }> =
  {
    log: { setting: 'LOG_URL', schemes: ['file:'] },
    warehouse: { setting: 'WAREHOUSE_URL', schemes: ['file:'] },
    online: { setting: 'ONLINE_URL', schemes: ['file:'] },
    records: { setting: 'RECORDS_URL', schemes: ['postgres:', 'postgresql:', 'file:'] },
    media: { setting: 'MEDIA_URL', schemes: ['file:'] },
  }

type Places = { readonly folders: Record<keyof StorageUrls, string>; readonly recordsUrl: string | null }

/** Where each store lies. Refuses schemes this version has no driver for. */
export function placesOf(dataDir: string, urls: StorageUrls): Places {
  const folders = {} as Record<keyof StorageUrls, string>
  let recordsUrl: string | null = null
  for (const store of Object.keys(SCHEMES) as (keyof StorageUrls)[]) {
    const { setting, schemes } = SCHEMES[store]
    const url = urls[store]
    const scheme = url === undefined ? 'file:' : new URL(url).protocol
    if (!schemes.includes(scheme)) {
      throw new Refusal(
        refusals.unknownScheme,
        `${setting} begins with ${scheme}// but this version supports ${schemes.join(', ')} there.`,
      )
    }
    folders[store] =
      url !== undefined && scheme === 'file:' ? fileURLToPath(url) : path.join(dataDir, FOLDERS[store])
    if (store === 'records' && url !== undefined && scheme !== 'file:') recordsUrl = url
  }
  return { folders, recordsUrl }
}
const FOLDERS: Record<keyof StorageUrls, string> = {
  log: 'event-log',
  warehouse: 'warehouse',
  online: 'online-store',
  records: 'records',
  media: 'media',
}

export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { dataDir, urls, log, role = 'platform' } = options
  const places = placesOf(dataDir, urls)
  checkFormat(dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  const lock = takeLock(dataDir)
  if ('heldBy' in lock) {
    if (role === 'guest') return attach(places, options)
    throw new Refusal(
      refusals.inUse,
      `A StreamVerse with process id ${lock.heldBy} is running on ${dataDir}.`,
    )
  }
  try {
    bringUpToDate(dataDir, (about) => log.info({ dataDir }, `bringing the data up to date: ${about}`))
    return await openAll(places, options, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

type Openers = {
  readonly eventLog: () => Promise<EventLog>
  readonly warehouse: () => Promise<Warehouse>
  readonly records: () => Promise<Records>
}

const openAll = ({ folders, recordsUrl }: Places, options: StorageOptions, release: () => void) =>
  openTogether(
    {
      eventLog: () => openSegmentLog({ ...options, dir: folders.log, streams }),
      warehouse: () => openChdb({ ...options, dir: folders.warehouse }),
      records: () =>
        recordsUrl === null
          ? openEmbeddedPostgres({ ...options, dir: folders.records })
          : openPostgresUrl({ ...options, url: recordsUrl }),
    },
    folders,
    options.log,
    release,
  )

/** Beside a running platform: its warehouse by its socket, its PostgreSQL by the address it left, no event log. */
async function attach({ folders, recordsUrl }: Places, options: StorageOptions): Promise<Storage> {
  const url = recordsUrl ?? readRunFile(folders.records)?.url
  if (url === undefined) {
    throw new Refusal(
      refusals.inUse,
      'The platform there is just starting or stopping; try again in a moment.',
    )
  }
  const opened = await openTogether(
    {
      eventLog: async () => guestLog,
      warehouse: () => attachChdb({ dir: folders.warehouse }),
      records: () => openPostgresUrl({ ...options, url }),
    },
    folders,
    options.log,
    () => {},
  )
  return { ...opened, attached: true }
}

/** Opens all at once, closes in a fixed order; when one fails the others are closed again. */
async function openTogether(
  openers: Openers,
  folders: Places['folders'],
  log: Log,
  release: () => void,
): Promise<Storage> {
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'a store did not close'))
  const open = async <T extends { close(): Promise<void> }>(
    name: string,
    opener: () => Promise<T> | T,
  ): Promise<T> => {
    const store = await opener()
    closing.add(name, () => store.close())
    return store
  }
  const all = [
    open('records', openers.records),
    open('warehouse', openers.warehouse),
    open('online', () => openLmdb({ dir: folders.online })),
    open('media', () => openDiskMedia({ dir: folders.media })),
    open('event log', openers.eventLog),
  ] as const
  const close = async (): Promise<void> => {
    await closing.close()
    release()
  }
  try {
    const [records, warehouse, online, media, eventLog] = await Promise.all(all)
    return { records, warehouse, online, media, eventLog, attached: false, close }
  } catch (error) {
    await Promise.allSettled(all)
    await closing.close()
    throw error
  }
}
