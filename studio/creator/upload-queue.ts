/**
 * Uploads, each resumable: a file goes over in pieces, and it can pause, go on (after a reload too, when the same file
 * is chosen again), or be given up, which leaves nothing behind.
 */
import type { Upload } from 'tus-js-client'
import type { Client } from 'urql'
import { problemOf } from '../shared/problem.ts'
import { forget, recall, remember, type Ticket } from './upload-memory.ts'
import { cancelUpload, createTicket, isUnfinished } from './upload-tickets.ts'
import { prepareUpload } from './upload-transfer.ts'

/** `begun`: an earlier page began to upload this file; it waits for a word whether to go on. */
export type UploadState = 'waiting' | 'begun' | 'uploading' | 'paused' | 'received' | 'failed'
export type UploadItem = {
  readonly key: number
  readonly file: File
  readonly state: UploadState
  readonly sentBytes: number
  /** Bytes a second, smoothed. */
  readonly speed: number
  readonly titleId: string | null
  readonly problem: string | null
}

export type UploadQueue = {
  items(): readonly UploadItem[]
  /** Uploads the files, each as a new title or, with `titleId`, as another file of that title. */
  add(files: readonly File[], titleId?: string): void
  pause(key: number): void
  resume(key: number): void
  /** Gives up what an earlier page began, and begins anew. */
  startOver(key: number): void
  /** Resolves to what went wrong, in words; null when nothing is left of the upload. */
  cancel(key: number): Promise<string | null>
  listen(heard: () => void): () => void
}

export function createUploadQueue(client: Client): UploadQueue {
  let items: readonly UploadItem[] = []
  const workers = new Map<number, Upload>()
  const starting = new Map<number, Promise<Ticket | null>>()
  const listeners = new Set<() => void>()
  let last = 0
  const set = (next: readonly UploadItem[]): void => {
    items = next
    for (const heard of listeners) heard()
  }
  const find = (key: number): UploadItem | undefined => items.find((item) => item.key === key)
  const change = (key: number, part: Partial<UploadItem>): void =>
    set(items.map((item) => (item.key === key ? { ...item, ...part } : item)))

  const send = ({ key, file }: UploadItem, ticket: Ticket): void => {
    remember(file, ticket)
    const upload = prepareUpload(file, ticket, {
      addressed: (url) => find(key) !== undefined && remember(file, { ...ticket, url }),
      progressed: (sentBytes, speed) => change(key, { sentBytes, speed }),
      received: () => {
        forget(file)
        change(key, { state: 'received', sentBytes: file.size })
      },
      failed: (problem, lost) => {
        if (lost) {
          forget(file)
          workers.delete(key)
        }
        change(key, { state: 'failed', problem, speed: 0 })
      },
    })
    workers.set(key, upload)
    change(key, { state: 'uploading', titleId: ticket.titleId, problem: null })
    upload.start()
  }
  /** Resolves to the ticket got, whether or not the upload is still wanted. */
  const start = async (item: UploadItem): Promise<Ticket | null> => {
    const { ticket, error } = await createTicket(client, item.file, item.titleId)
    if (ticket === null) change(item.key, { state: 'failed', problem: error })
    else if (find(item.key) !== undefined) send(item, ticket)
    return ticket
  }
  const begin = (item: UploadItem): void => {
    const started = start(item).finally(() => starting.delete(item.key))
    starting.set(item.key, started)
  }
  const enter = async (item: UploadItem): Promise<void> => {
    const known = recall(item.file)
    const fits = known !== null && (item.titleId === null || item.titleId === known.titleId)
    const goesOn = fits && (await isUnfinished(client, known.titleId))
    if (find(item.key) === undefined) return
    if (goesOn) change(item.key, { state: 'begun' })
    else begin(item)
  }
  const add = (files: readonly File[], titleId: string | null): void => {
    const added = files.map((file): UploadItem => {
      last += 1
      return { key: last, file, state: 'waiting', sentBytes: 0, speed: 0, titleId, problem: null }
    })
    const stay = items.filter((item) => titleId === null || item.titleId !== titleId)
    set([...stay, ...added])
    for (const item of added) void enter(item)
  }
  return {
    items: () => items,
    add: (files, titleId) => add(files, titleId ?? null),
    pause: (key) => {
      void workers.get(key)?.abort()
      change(key, { state: 'paused', speed: 0 })
    },
    resume: (key) => {
      const item = find(key)
      if (item === undefined) return
      const worker = workers.get(key)
      const known = worker === undefined ? recall(item.file) : null
      change(key, { state: 'uploading', problem: null })
      if (worker !== undefined) worker.start()
      else if (known !== null) send(item, known)
      else begin(item)
    },
    startOver: (key) => {
      const item = find(key)
      const known = item === undefined ? null : recall(item.file)
      if (item === undefined || known === null) return
      forget(item.file)
      change(key, { state: 'waiting' })
      void cancelUpload(client, known.titleId).then(() => find(key) !== undefined && begin(item))
    },
    cancel: async (key) => {
      const item = find(key)
      if (item === undefined) return null
      set(items.filter((one) => one.key !== key))
      const begun = item.state === 'begun' ? recall(item.file) : await starting.get(key)
      const titleId = begun?.titleId ?? item.titleId
      if (item.state !== 'waiting' || begun != null) forget(item.file)
      await workers.get(key)?.abort()
      workers.delete(key)
      const error = titleId === null ? undefined : await cancelUpload(client, titleId)
      return error === undefined ? null : problemOf(error)
    },
    listen: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}

/** One queue for as long as the page lives, so that uploads go on while the creator looks elsewhere. */
const queues = new WeakMap<Client, UploadQueue>()

export function queueOf(client: Client): UploadQueue {
  const known = queues.get(client)
  if (known !== undefined) return known
  const made = createUploadQueue(client)
  queues.set(client, made)
  return made
}
