/** Opens every store where its URL says, embedded in the data directory where none is given, and closes them together. */
import { createClosing } from '#base/closing.ts'
import { Refusal } from '#base/refusal.ts'
import { bringUpToDate, prepareDir } from '#storage/data-dir.ts'
import { type DriverOptions, drivers, type Opened, type Store, schemeOf } from '#storage/drivers.ts'
import { refusals } from '#storage/errors.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'
import { type Places, placesOf, type StorageUrls } from '#storage/places.ts'

export type Storage = Omit<Opened, 'log'> & {
  readonly eventLog: EventLog
  /** A guest beside a running platform: reads all, writes no events into an embedded log. */
  readonly attached: boolean
  close(): Promise<void>
}
export type StorageOptions = DriverOptions & {
  readonly dataDir: string
  readonly urls: StorageUrls
  /** `guest`: beside a platform that runs on the directory, or as its only user when none runs. */
  readonly role?: 'platform' | 'guest'
}

export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { dataDir, urls, log, role = 'platform' } = options
  const places = placesOf(dataDir, urls)
  const lock = prepareDir(dataDir)
  if ('heldBy' in lock) {
    if (role === 'guest') return { ...(await openTogether(places, 'beside', options)), attached: true }
    throw new Refusal(
      refusals.inUse,
      `A StreamVerse with process id ${lock.heldBy} is running on ${dataDir}.`,
    )
  }
  try {
    bringUpToDate(dataDir, (about) => log.info({ dataDir }, `bringing the data up to date: ${about}`))
    const opened = await openTogether(places, 'embedded', options)
    const close = async (): Promise<void> => {
      await opened.close()
      lock.release()
    }
    return { ...opened, attached: false, close }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opens all at once; when one fails the others are closed again. */
async function openTogether(
  places: Places,
  how: 'embedded' | 'beside',
  options: DriverOptions,
): Promise<Omit<Storage, 'attached'>> {
  const { log } = options
  const closing = createClosing((name, error) => log.error({ err: error, name }, 'a store did not close'))
  const open = async <S extends Store>(store: S): Promise<Opened[S]> => {
    const place = places[store]
    const driver = drivers[store]
    const opened =
      'folder' in place ? await driver[how](place.folder, options) : await serverOf(store, place.url)(options)
    closing.add(store, () => opened.close())
    return opened
  }
  const all = [open('records'), open('warehouse'), open('online'), open('media'), open('log')] as const
  try {
    const [records, warehouse, online, media, eventLog] = await Promise.all(all)
    return { records, warehouse, online, media, eventLog, close: () => closing.close() }
  } catch (error) {
    await Promise.allSettled(all)
    await closing.close()
    throw error
  }
}

/** `placesOf` has seen to it that there is one. */
function serverOf<S extends Store>(store: S, url: string): (options: DriverOptions) => Promise<Opened[S]> {
  const server = drivers[store].servers.find(({ schemes }) => schemes.includes(schemeOf(url)))
  if (server === undefined) throw new Refusal(refusals.unknownScheme, `${drivers[store].setting}: no driver.`)
  return (options) => server.open(url, options)
}
