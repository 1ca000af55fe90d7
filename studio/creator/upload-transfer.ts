/** One file going over, in pieces (tus): how far, how fast, and in words what went wrong. */
import { DetailedError, Upload } from 'tus-js-client'
import type { Ticket } from './upload-memory.ts'

const CHUNK_BYTES = 8 * 1024 * 1024
/** Speed is told over at least this long. */
const SAMPLE_SECONDS = 0.3

export type Heard = {
  /** The platform has given the upload its own address. */
  readonly addressed: (url: string) => void
  readonly progressed: (sentBytes: number, bytesPerSecond: number) => void
  readonly received: () => void
  /** `lost`: the platform no longer knows the ticket. */
  readonly failed: (words: string, lost: boolean) => void
}

export function prepareUpload(file: File, ticket: Ticket, heard: Heard): Upload {
  let sampledAt = performance.now()
  let sampledBytes: number | null = null
  let speed = 0
  const upload = new Upload(file, {
    endpoint: ticket.endpoint,
    ...(ticket.url !== null && { uploadUrl: ticket.url }),
    headers: { authorization: `Bearer ${ticket.token}` },
    chunkSize: CHUNK_BYTES,
    retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000],
    metadata: { filename: file.name },
    storeFingerprintForResuming: false,
    onUploadUrlAvailable: () => {
      if (upload.url !== null) heard.addressed(upload.url)
    },
    onProgress: (sentBytes) => {
      const now = performance.now()
      const seconds = (now - sampledAt) / 1000
      sampledBytes ??= sentBytes
      if (seconds >= SAMPLE_SECONDS) {
        const current = (sentBytes - sampledBytes) / seconds
        speed = speed === 0 ? current : speed * 0.6 + current * 0.4
        sampledAt = now
        sampledBytes = sentBytes
      }
      heard.progressed(sentBytes, speed)
    },
    onSuccess: heard.received,
    onError: (problem) => heard.failed(wordsOf(problem), answerTo(problem)?.getStatus() === 401),
  })
  return upload
}

const answerTo = (problem: Error): DetailedError['originalResponse'] =>
  problem instanceof DetailedError ? problem.originalResponse : null

/** What the server said, where it said something. */
function wordsOf(problem: Error): string {
  try {
    const { message, fix } = JSON.parse(answerTo(problem)?.getBody() ?? '') as {
      message?: string
      fix?: string
    }
    if (message !== undefined) return `${message} ${fix ?? ''}`
  } catch {
    // Not our words: said in general below.
  }
  return 'The connection was lost. Press “Go on” to continue where it stopped.'
}
