/**
 * The demo world: people and catalogue at once, four weeks of history with visible progress, clips one by one, and
 * then a slow life that goes on. Seeding that was interrupted goes on where it was; what was said twice counts once.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { drawAvatar, drawPoster } from '#demo/artwork.ts'
import { CREATORS, createCatalogue, type DemoTitle } from '#demo/catalogue.ts'
import { type HistoryBatch, simulateHistory } from '#demo/history.ts'
import { startLiving } from '#demo/living.ts'
import { type DemoPerson, PEOPLE } from '#demo/people.ts'
import { duplicates, HISTORY_DAYS } from '#demo/truths.ts'
import type { IssueGrant } from '#events/grants.ts'

const DAY_MS = 86_400_000
const SEED = 2026
export const VIDEO_DIR = path.join(import.meta.dirname, 'video')

/** How far the world has been made: kept by the platform, so that it is made once. */
export type WorldState = {
  readonly startAt: number
  readonly daysDone: number
  readonly clipsDone: readonly string[]
}

export type DemoPorts = {
  readonly tenantId: string
  readonly writeKey: string
  readonly clock: Clock
  readonly log: Log
  readonly issueGrant: IssueGrant
  readonly collect: (input: { body: Uint8Array; userAgent: string }) => Promise<unknown>
  readonly readState: () => Promise<WorldState | null>
  readonly writeState: (state: WorldState) => Promise<void>
  readonly ensurePerson: (person: DemoPerson) => Promise<void>
  readonly ensureCreator: (creator: { id: string; name: string; avatarUrl: string }) => Promise<void>
  /** Creates the titles that are not there yet. */
  readonly ensureTitles: (titles: readonly (DemoTitle & { readonly publishedAt: number })[]) => Promise<void>
  readonly putImage: (key: string, svg: string) => Promise<void>
  /** Address of an image put under the key. */
  readonly imageUrl: (key: string) => string
  readonly viewerKey: (personId: string) => string
  /** Makes a clip playable; resolves when all of it is. */
  readonly importClip: (
    titleId: string,
    file: string,
    clip: { startMs: number; durationMs: number },
  ) => Promise<void>
  /** Gives a title English captions (WebVTT). */
  readonly putCaptions: (titleId: string, text: string) => Promise<void>
  readonly onProgress: (work: 'history' | 'clips', progress: number, detail: string) => void
  /** The work has ended without being whole; `detail` says what is missing and what to do. */
  readonly onFailed: (work: 'history' | 'clips', detail: string) => void
}

export type Demo = {
  /** Resolves when the history has been said. */
  readonly seeded: Promise<void>
  /** Resolves when every clip plays. */
  readonly clips: Promise<void>
  close(): Promise<void>
}

const encoder = new TextEncoder()
const TRY_AGAIN = 'The log says why; the next start goes on from there.'

export async function openDemo(ports: DemoPorts): Promise<Demo> {
  const catalogue = createCatalogue(SEED)
  let state = (await ports.readState()) ?? {
    startAt: Math.floor(ports.clock.now() / 60_000) * 60_000 - HISTORY_DAYS * DAY_MS,
    daysDone: 0,
    clipsDone: [],
  }
  const save = async (change: Partial<WorldState>): Promise<void> => {
    state = { ...state, ...change }
    await ports.writeState(state)
  }
  await settle(ports, catalogue, state)
  await save({})

  let stopped = false
  let stopLiving: (() => Promise<void>) | undefined
  const history = async (): Promise<void> => {
    if (state.daysDone >= HISTORY_DAYS) {
      ports.onProgress('history', 1, `day ${HISTORY_DAYS} of ${HISTORY_DAYS}`)
      stopLiving = startLiving({ ...ports, catalogue })
      return
    }
    const token = await importToken(ports)
    let day = 0
    const days = simulateHistory({
      seed: SEED,
      startAt: state.startAt,
      catalogue,
      known: knownViewers(ports),
    })
    for (const batches of days) {
      if (stopped) return
      const late = batches.length === 1
      if (day >= state.daysDone) await sayDay(ports, token, batches)
      if (!late) day++
      if (day > state.daysDone) await save({ daysDone: day })
      ports.onProgress('history', day / HISTORY_DAYS, `day ${day} of ${HISTORY_DAYS}`)
    }
    if (!stopped) stopLiving = startLiving({ ...ports, catalogue })
  }
  const clips = async (): Promise<void> => {
    let missing = 0
    const cuts = catalogue.flatMap(({ id, name, cut }) => (cut === null ? [] : [{ id, name, cut }]))
    for (const { id, name, cut } of cuts) {
      if (stopped) return
      const done = state.clipsDone.length
      if (state.clipsDone.includes(id)) continue
      ports.onProgress('clips', done / cuts.length, `“${name}”, ${done + 1} of ${cuts.length}`)
      try {
        if (cut.captions !== undefined) await ports.putCaptions(id, readCaptions(cut.captions))
        await ports.importClip(id, path.join(VIDEO_DIR, cut.file), cut)
        await save({ clipsDone: [...state.clipsDone, id] })
      } catch (error) {
        missing++
        ports.log.warn(
          { err: error, titleId: id },
          'a demo clip could not be made; the next start tries again',
        )
      }
    }
    if (missing === 0) ports.onProgress('clips', 1, `${state.clipsDone.length} clips play`)
    else ports.onFailed('clips', `${missing} of ${cuts.length} could not be made. ${TRY_AGAIN}`)
  }
  const seeded = history()
  const made = clips()
  seeded.catch((error: unknown) => {
    ports.log.error({ err: error }, 'the history could not be made')
    ports.onFailed('history', `It stopped after day ${state.daysDone} of ${HISTORY_DAYS}. ${TRY_AGAIN}`)
  })
  made.catch((error: unknown) => {
    ports.log.error({ err: error }, 'the clips could not be made')
    ports.onFailed('clips', `Clips could not be made. ${TRY_AGAIN}`)
  })
  return {
    seeded,
    clips: made,
    close: async () => {
      stopped = true
      await Promise.allSettled([seeded])
      await stopLiving?.()
    },
  }
}

/** People, creators, titles and their pictures: what pages need at once. */
async function settle(
  ports: DemoPorts,
  catalogue: readonly DemoTitle[],
  { startAt }: WorldState,
): Promise<void> {
  const avatar = async (id: string, name: string): Promise<string> => {
    const key = `avatars/${id}.svg`
    await ports.putImage(key, drawAvatar(id, name))
    return ports.imageUrl(key)
  }
  if ((await ports.readState()) !== null) return
  await Promise.all(catalogue.map((title) => ports.putImage(`${title.id}/poster.svg`, drawPoster(title))))
  for (const creator of CREATORS) {
    await ports.ensureCreator({ ...creator, avatarUrl: await avatar(creator.id, creator.name) })
  }
  for (const person of PEOPLE) {
    await avatar(person.id, person.name)
    await ports.ensurePerson(person)
  }
  await ports.ensureTitles(
    catalogue.map((title) => ({ ...title, publishedAt: startAt + HISTORY_DAYS * DAY_MS - title.agedMs })),
  )
}

const knownViewers = (ports: DemoPorts) =>
  PEOPLE.filter((person) => person.likes.length > 0 && !person.kids).map((person) => ({
    key: ports.viewerKey(person.id),
    likes: person.likes,
  }))

/** History is imported: its batches say themselves when they were received. */
function importToken({ issueGrant, tenantId, clock }: DemoPorts): Promise<string> {
  const issuedAt = clock.now()
  return issueGrant({ kind: 'import', tenantId, issuedAt, expiresAt: issuedAt + DAY_MS })
}

async function sayDay(ports: DemoPorts, token: string, batches: readonly HistoryBatch[]): Promise<void> {
  const say = ({ receivedAt, events }: HistoryBatch): Promise<unknown> => {
    const batch = { writeKey: ports.writeKey, token, sentAt: receivedAt, receivedAt, events }
    const body = encoder.encode(JSON.stringify(batch))
    return ports.collect({ body, userAgent: 'streamverse-demo' })
  }
  for (const batch of batches) await say(batch)
  if (batches.length === 1) {
    for (let again = 1; again < duplicates.batches; again++) await say(batches[0] as HistoryBatch)
  }
}

/** The bytes of a demo video, for tests and benches. */
export const readVideo = (file: string): Buffer => readFileSync(path.join(VIDEO_DIR, file))
const readCaptions = (file: string): string => readFileSync(path.join(VIDEO_DIR, file), 'utf8')
