/** Where each store is kept: in a folder, by default one of the data directory, or on a server named by its URL. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Refusal } from '#base/refusal.ts'
import { folderProblem } from '#storage/data-dir.ts'
import { drivers, type Store, schemeOf, stores } from '#storage/drivers.ts'
import { refusals } from '#storage/errors.ts'

export type StorageUrls = { readonly [S in Store]?: string }

/** A folder, or a server's URL whose scheme one of the store's drivers takes. */
export type Place = { readonly folder: string } | { readonly url: string }
export type Places = { readonly [S in Store]: Place }

const leaveEmpty = 'or leave it empty to keep this store in DATA_DIR'

/** Where a URL leads, or what is wrong with it as what to do about it. */
function readUrl(store: Store, url: string): Place | { readonly problem: string } {
  const wrong = (fix: string) => ({ problem: `${fix}, ${leaveEmpty}` })
  const { servers } = drivers[store]
  const schemes = ['file:', ...servers.flatMap((server) => server.schemes)]
  const scheme = schemeOf(url)
  if (scheme === '') return wrong(`give a whole URL that begins with ${schemes.join('// or ')}//`)
  if (!schemes.includes(scheme)) {
    return wrong(`this version supports ${schemes.map((one) => `${one}//`).join(', ')} here: use that`)
  }
  const server = servers.find((one) => one.schemes.includes(scheme))
  if (server !== undefined) {
    const problem = server.problem(url)
    return problem === null ? { url } : wrong(problem)
  }
  try {
    return { folder: fileURLToPath(url) }
  } catch {
    // a host in it, or an escape that no path may hold
    return wrong('give a whole path after three slashes, such as file:///a/folder')
  }
}

/** What is wrong with a store's URL, as what to do about it; null when the store can be kept there. */
export function urlProblem(store: Store, url: string): string | null {
  const place = readUrl(store, url)
  if ('problem' in place) return place.problem
  return 'folder' in place ? folderProblem(place.folder) : null
}

/** Where each store lies. Refuses schemes this version has no driver for, and URLs that lead nowhere. */
export function placesOf(dataDir: string, urls: StorageUrls): Places {
  const placeOf = (store: Store): Place => {
    const url = urls[store]
    if (url === undefined) return { folder: path.join(dataDir, drivers[store].folder) }
    const place = readUrl(store, url)
    if (!('problem' in place)) return place
    throw new Refusal(refusals.unknownScheme, `${drivers[store].setting}: ${place.problem}.`)
  }
  return Object.fromEntries(stores.map((store) => [store, placeOf(store)])) as Places
}
