/**
 * Whose turn it is: one step at a time, titles that cannot be played yet before those that can, uploads before
 * imports. A step that dies through no fault of the file is tried again; a file at fault ends its job.
 */
import { rm } from 'node:fs/promises'
import { Refusal } from '#base/refusal.ts'
import type { EventDefinition } from '#events/define.ts'
import { jobFailed } from '#events/media.ts'
import { refusals } from '#playback/errors.ts'
import { folderOf, type Job, titleKey } from '#playback/job.ts'
import { EncodeError } from '#playback/transcode/driver.ts'
import { advance } from '#playback/transcode/steps.ts'
import {
  benchOf,
  handleOf,
  type JobHandle,
  removeSource,
  type Workshop,
} from '#playback/transcode/workshop.ts'

export type Queue = {
  add(job: Job): void
  /** Stops the job's step and forgets it; resolves when nothing of it runs. */
  cancel(jobId: string): Promise<void>
  /** The job as its worker sees it, when it is here. */
  peek(jobId: string): Job | null
  idle(): Promise<void>
  close(): Promise<void>
}

type Waiting = { job: Job; attempts: number }
type Running = { hand: JobHandle; stop: AbortController; ended: Promise<void> }

const ATTEMPTS = 3

const before = (a: Waiting, b: Waiting): number =>
  Number(a.job.publishedAt !== null) - Number(b.job.publishedAt !== null) ||
  Number(a.job.importPath !== null) - Number(b.job.importPath !== null) ||
  a.job.createdAt - b.job.createdAt

export function createQueue(shop: Workshop, concurrency: number): Queue {
  const waiting: Waiting[] = []
  const running = new Map<string, Running>()
  const idlers: (() => void)[] = []
  let closed = false

  const next = (): void => {
    waiting.sort(before)
    while (!closed && running.size < concurrency) {
      const entry = waiting.shift()
      if (entry === undefined) break
      begin(entry)
    }
    if (running.size === 0 && waiting.length === 0) for (const idle of idlers.splice(0)) idle()
  }
  const begin = (entry: Waiting): void => {
    const stop = new AbortController()
    const hand = handleOf(shop, entry.job, stop.signal)
    running.set(entry.job.id, { hand, stop, ended: work(entry, hand) })
  }
  const work = async (entry: Waiting, hand: JobHandle): Promise<void> => {
    const again = await step(entry, hand)
    running.delete(entry.job.id)
    if (again !== null) waiting.push(again)
    next()
  }
  const step = async (entry: Waiting, hand: JobHandle): Promise<Waiting | null> => {
    try {
      return (await advance(shop, hand)) ? { job: hand.job, attempts: 0 } : null
    } catch (error) {
      if (hand.signal.aborted) return null
      if (retriable(error) && entry.attempts + 1 < ATTEMPTS) {
        shop.log.warn({ err: error, jobId: entry.job.id }, 'a step of a transcode died: it is tried again')
        return { job: hand.job, attempts: entry.attempts + 1 }
      }
      await fail(shop, hand, error)
      return null
    }
  }
  return {
    add(job) {
      if (running.has(job.id) || waiting.some((entry) => entry.job.id === job.id)) return
      waiting.push({ job, attempts: 0 })
      next()
    },
    async cancel(jobId) {
      const at = waiting.findIndex((entry) => entry.job.id === jobId)
      if (at >= 0) waiting.splice(at, 1)
      const here = running.get(jobId)
      here?.stop.abort(new Error('cancelled'))
      await here?.ended
    },
    peek: (jobId) =>
      running.get(jobId)?.hand.job ?? waiting.find((entry) => entry.job.id === jobId)?.job ?? null,
    idle: () =>
      running.size === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idlers.push(resolve)
          }),
    async close() {
      closed = true
      waiting.length = 0
      const all = [...running.values()]
      for (const { stop } of all) stop.abort(new Error('closing'))
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}

const retriable = (error: unknown): boolean => error instanceof EncodeError && error.fault === 'us'

/** What the uploader is told, and whether the file itself is to blame. */
function verdict(error: unknown): { refusal: Refusal; blamed: boolean } {
  if (error instanceof Refusal) return { refusal: error, blamed: error.status < 500 }
  if (error instanceof EncodeError && error.fault === 'source') {
    const refusal = new Refusal(refusals.undecodable, 'The video could not be read to its end.', {
      cause: error,
    })
    return { refusal, blamed: true }
  }
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return { refusal: new Refusal(refusals.noRoom, 'The disk is full.', { cause: error }), blamed: false }
  }
  const refusal = new Refusal(refusals.encoderFailed, 'The video could not be prepared.', { cause: error })
  return { refusal, blamed: false }
}

/** Ends the job with its message. A title that plays already stays playable; else nothing but the message is left. */
async function fail(shop: Workshop, hand: JobHandle, error: unknown): Promise<void> {
  const { refusal, blamed } = verdict(error)
  const { job } = hand
  shop.log.warn({ err: error, jobId: job.id, code: refusal.code }, 'a transcode failed')
  const { code, message, fix } = refusal
  try {
    if (job.publishedAt === null) {
      await shop.media.deletePrefix(`${titleKey(job.tenantId, job.titleId)}/${folderOf(job.id)}/`)
    }
    if (blamed) await removeSource(shop, job.id)
    await rm(benchOf(shop, job.id), { recursive: true, force: true })
    const tracks = job.publishedAt === null ? [] : job.tracks
    await hand.keep({ state: 'failed', step: 'Failed', failure: { code, message, fix }, tracks }, [
      {
        definition: jobFailed as unknown as EventDefinition,
        data: { reasonCode: code, reason: message },
      },
    ])
    const playable = await shop.store.playable(job.tenantId, job.titleId)
    if (playable === null) await shop.media.deletePrefix(`${titleKey(job.tenantId, job.titleId)}/poster.jpg`)
    await shop.catalog.setStatus(job.tenantId, job.titleId, playable === null ? 'failed' : 'ready')
  } catch (cause) {
    shop.log.error(
      { err: cause, jobId: job.id },
      'a failed transcode could not be put away: it is resumed at start',
    )
  }
}
