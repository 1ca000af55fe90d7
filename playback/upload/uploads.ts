/**
 * Resumable uploads (tus 1.0). An upload survives a restart of ours and of the browser; it may be made only with
 * the token its job was created with, only once, and no larger than was said.
 */
import { open, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#playback/errors.ts'
import type { Job } from '#playback/job.ts'
import { bearerOf, hashOf } from '#playback/upload/tokens.ts'

export type UploadPorts = {
  readonly folder: string
  readonly findByToken: (tokenHash: string) => Promise<Job | null>
  /** The last byte is here and on disk. Called again for the same upload, it does nothing. */
  readonly received: (job: Job) => Promise<void>
  readonly log: Log
}
export type Uploads = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** The whole file is here, though nobody came to say so. */
  isWhole(job: Job): Promise<boolean>
  remove(jobId: string): Promise<void>
}

export const UPLOAD_PATH = '/uploads'

type Web = { headers: Headers; method: string }
const answer = (refusal: Refusal): { status_code: number; body: string } => ({
  status_code: refusal.status,
  body: JSON.stringify({ code: refusal.code, message: refusal.message, fix: refusal.fix }),
})
const fileNameOf = (metadata: Record<string, string | null> | undefined): string =>
  (metadata?.['filename'] ?? metadata?.['name'] ?? '').slice(0, 200)

/** Bytes the system still holds in memory are not a received file. */
async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function openUploads(ports: UploadPorts): Uploads {
  const fileOf = (jobId: string): string => path.join(ports.folder, jobId)
  async function jobOf(request: Web): Promise<Job> {
    const token = bearerOf(request.headers.get('authorization'))
    const job = token === null ? null : await ports.findByToken(hashOf(token))
    if (job === null) throw new Refusal(refusals.uploadToken, 'The upload token is missing or wrong.')
    return job
  }
  const authorised = async (request: Web, uploadId: string | null): Promise<Job> => {
    try {
      const job = await jobOf(request)
      if (uploadId !== null && uploadId !== job.id) {
        throw new Refusal(refusals.uploadToken, 'The upload token belongs to another upload.')
      }
      if (job.state !== 'uploading' && request.method !== 'HEAD') {
        throw new Refusal(refusals.uploadToken, 'This upload has ended.')
      }
      return job
    } catch (error) {
      if (error instanceof Refusal) throw answer(error)
      throw error
    }
  }
  const store = new FileStore({ directory: ports.folder })
  const server = new Server({
    path: UPLOAD_PATH,
    datastore: store,
    relativeLocation: true,
    allowedHeaders: ['Authorization'],
    maxSize: async (request) => (await authorised(request as unknown as Web, null)).sizeBytes,
    namingFunction: async (request) => (await authorised(request as unknown as Web, null)).id,
    onIncomingRequest: async (request, uploadId) => {
      await authorised(request as unknown as Web, uploadId)
    },
    onUploadCreate: async (_request, upload) => {
      if (upload.sizeIsDeferred) throw { status_code: 400, body: 'Say the size of the upload first.\n' }
      return {}
    },
    onUploadFinish: async (request, upload) => {
      const job = await authorised(request as unknown as Web, upload.id)
      await sync(fileOf(job.id))
      const fileName = fileNameOf(upload.metadata) || job.fileName
      await ports.received({ ...job, fileName, sizeBytes: upload.size ?? job.sizeBytes })
      return {}
    },
    onResponseError: async (_request, error) => {
      if ('status_code' in error) return undefined
      ports.log.error({ err: error }, 'an upload failed on our side')
      return { status_code: 500, body: 'Something went wrong on our side.' }
    },
  })
  return {
    handle: (request, response) => server.handle(request as never, response as never) as Promise<void>,
    async isWhole(job) {
      try {
        const upload = await store.getUpload(job.id)
        return upload.size !== undefined && upload.offset === upload.size
      } catch {
        // never begun, or its file is gone: either way it is not whole
        return false
      }
    },
    async remove(jobId) {
      await rm(fileOf(jobId), { force: true })
      await rm(`${fileOf(jobId)}.json`, { force: true })
    },
  }
}
