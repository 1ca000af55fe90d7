/**
 * PostgreSQL refuses to run as root, so as root we run it as `nobody`. Folders that only root may enter are handed to
 * it open, as an inherited descriptor: nothing of the user's own folders changes its permissions.
 */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import path from 'node:path'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/records/errors.ts'

const NOBODY = 65534

export type ServerUser = { readonly uid?: number; readonly gid?: number }

/** Whom the server runs as: ourselves, or nobody when we are root. */
export const serverUser = (): ServerUser => (process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {})

/** Whether the server's user may walk down to the folder. */
export function mayEnter(user: ServerUser, folder: string): boolean {
  if (user.uid === undefined) return true
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const { mode, uid, gid } = statSync(at)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === path.dirname(at)) return true
  }
}

/** A folder as the server is told of it: its path, or an open descriptor where the path is closed to the server. */
export type Doorway = { readonly path: string; readonly descriptors: readonly number[]; close(): void }

export function openDoorway(user: ServerUser, folder: string): Doorway {
  if (mayEnter(user, folder)) return { path: folder, descriptors: [], close: () => {} }
  if (process.platform !== 'linux') {
    throw new Refusal(
      refusals.unreachable,
      `PostgreSQL runs as user ${user.uid}, which may not enter ${folder}.`,
    )
  }
  const descriptor = openSync(folder, 'r')
  return { path: '/proc/self/fd/3', descriptors: [descriptor], close: () => closeSync(descriptor) }
}

/** The shortest temporary folder the server's user may enter. */
export function commonTemp(user: ServerUser, preferred: string): string {
  const fits = (folder: string): boolean => folder.length < 70 && mayEnter(user, folder)
  if (fits(preferred)) return preferred
  for (const folder of ['/tmp', '/var/tmp']) {
    mkdirSync(folder, { recursive: true })
    if (fits(folder)) return folder
  }
  throw new Refusal(
    refusals.unreachable,
    `No temporary folder is open to user ${user.uid}, whom PostgreSQL runs as.`,
  )
}
