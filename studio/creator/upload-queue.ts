/** Uploads, each resumable: a draft is made, the file goes over in pieces, and it can pause, go on, or be given up. */
import { gql } from '@urql/core'
import { Upload } from 'tus-js-client'
import type { Client } from 'urql'

export type UploadState = 'waiting' | 'uploading' | 'paused' | 'received' | 'failed'
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

const CREATE = gql<
  { createUpload: { title: { id: string }; uploadUrl: string; uploadToken: string; maxBytes: number } },
  { input: { name: string; fileName: string; sizeBytes: number } }
>(
  `mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) { title { id } uploadUrl uploadToken maxBytes } }`,
)
const REMOVE = gql<unknown, { id: string }>(
  `mutation GiveUp($id: ID!) { removeTitle(id: $id) { id status } }`,
)
const CHUNK_BYTES = 8 * 1024 * 1024

const nameOf = (file: File): string =>
  file.name
    .replace(/\.[^.]*$/, '')
    .replace(/[_-]+/g, ' ')
    .trim()
    .slice(0, 200) || 'Untitled'

export type UploadQueue = {
  items(): readonly UploadItem[]
  add(files: readonly File[]): void
  pause(key: number): void
  resume(key: number): void
  cancel(key: number): void
  listen(heard: () => void): () => void
}

export function createUploadQueue(client: Client): UploadQueue {
  let items: readonly UploadItem[] = []
  const uploads = new Map<number, Upload>()
  const listeners = new Set<() => void>()
  let last = 0
  const change = (key: number, part: Partial<UploadItem>): void => {
    items = items.map((item) => (item.key === key ? { ...item, ...part } : item))
    for (const heard of listeners) heard()
  }
  const start = async (item: UploadItem): Promise<void> => {
    const { file, key } = item
    const input = { name: nameOf(file), fileName: file.name, sizeBytes: file.size }
    const { data, error } = await client.mutation(CREATE, { input }).toPromise()
    if (data == null) {
      const refusal = error?.graphQLErrors[0]
      const fix = refusal?.extensions['fix']
      change(key, {
        state: 'failed',
        problem:
          refusal === undefined
            ? 'The platform did not answer.'
            : `${refusal.message} ${typeof fix === 'string' ? fix : ''}`,
      })
      return
    }
    const { title, uploadUrl, uploadToken } = data.createUpload
    let sampleAt = performance.now()
    let sampleBytes = 0
    const upload = new Upload(file, {
      endpoint: uploadUrl,
      headers: { authorization: `Bearer ${uploadToken}` },
      chunkSize: CHUNK_BYTES,
      retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000],
      metadata: { filename: file.name },
      storeFingerprintForResuming: false,
      onProgress: (sentBytes) => {
        const now = performance.now()
        const seconds = (now - sampleAt) / 1000
        const known = items.find((one) => one.key === key)?.speed ?? 0
        if (seconds < 0.3) {
          change(key, { sentBytes })
          return
        }
        const speed = (sentBytes - sampleBytes) / seconds
        sampleAt = now
        sampleBytes = sentBytes
        change(key, { sentBytes, speed: known === 0 ? speed : known * 0.6 + speed * 0.4 })
      },
      onSuccess: () => change(key, { state: 'received', sentBytes: file.size }),
      onError: (problem) => change(key, { state: 'failed', problem: wordsOf(problem) }),
    })
    uploads.set(key, upload)
    change(key, { state: 'uploading', titleId: title.id })
    upload.start()
  }
  return {
    items: () => items,
    add: (files) => {
      const added = files.map((file): UploadItem => {
        last += 1
        return { key: last, file, state: 'waiting', sentBytes: 0, speed: 0, titleId: null, problem: null }
      })
      items = [...items, ...added]
      for (const heard of listeners) heard()
      for (const item of added) void start(item)
    },
    pause: (key) => {
      void uploads.get(key)?.abort()
      change(key, { state: 'paused', speed: 0 })
    },
    resume: (key) => {
      change(key, { state: 'uploading', problem: null })
      uploads.get(key)?.start()
    },
    cancel: (key) => {
      const item = items.find((one) => one.key === key)
      void uploads.get(key)?.abort(true)
      if (item?.titleId != null) void client.mutation(REMOVE, { id: item.titleId }).toPromise()
      items = items.filter((one) => one.key !== key)
      for (const heard of listeners) heard()
    },
    listen: (heard) => {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}

/** What the server said, where it said something. */
function wordsOf(problem: Error): string {
  const body = (problem as { originalResponse?: { getBody(): string } | null }).originalResponse?.getBody()
  try {
    const { message, fix } = JSON.parse(body ?? '') as { message?: string; fix?: string }
    if (message !== undefined) return `${message} ${fix ?? ''}`
  } catch {
    // Not our words: said in general below.
  }
  return 'The connection was lost. Press “Go on” to continue where it stopped.'
}
