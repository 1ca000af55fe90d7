/** A title and how it may change: state and change in, state and event out. No clock, no database. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#domains/catalog/errors.ts'
import { type TitleStatus, titleUpserted } from '#events/catalog.ts'
import type { StoredEvent } from '#events/define.ts'
import { serverEvent } from '#events/registry.ts'

export type Title = {
  readonly tenantId: string
  readonly id: string
  readonly name: string
  readonly description: string
  readonly creatorId: string
  /** The main one first. */
  readonly genres: readonly string[]
  readonly status: TitleStatus
  /** Where a removed title returns to. */
  readonly statusBefore: TitleStatus | null
  readonly durationMs: number | null
  readonly ageRating: string
  readonly publishedAt: number | null
  readonly simulated: boolean
  readonly createdAt: number
  readonly updatedAt: number
  /** Counts changes from 1. */
  readonly version: number
}
export type NewTitle = {
  readonly tenantId: string
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly creatorId: string
  readonly genres?: readonly string[]
  readonly status?: TitleStatus
  readonly durationMs?: number | null
  readonly ageRating?: string
  readonly publishedAt?: number | null
  readonly simulated?: boolean
}
/** What its creator may say of it. Absent: as it was. */
export type TitleChange = {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly genres?: readonly string[] | undefined
  readonly ageRating?: string | undefined
  readonly publishedAt?: number | null | undefined
}

export function createdTitle(given: NewTitle, at: number): Title {
  return checked({
    tenantId: given.tenantId,
    id: given.id,
    name: given.name.trim(),
    description: given.description?.trim() ?? '',
    creatorId: given.creatorId,
    genres: cleanGenres(given.genres ?? []),
    status: given.status ?? 'draft',
    statusBefore: null,
    durationMs: given.durationMs ?? null,
    ageRating: given.ageRating ?? 'all',
    publishedAt: given.publishedAt ?? null,
    simulated: given.simulated ?? false,
    createdAt: given.publishedAt == null ? at : Math.min(at, given.publishedAt),
    updatedAt: at,
    version: 1,
  })
}

const next = (title: Title, change: Partial<Title>, at: number): Title => ({
  ...title,
  ...change,
  updatedAt: Math.max(at, title.updatedAt),
  version: title.version + 1,
})

export const changedTitle = (title: Title, change: TitleChange, at: number): Title =>
  checked(
    next(
      title,
      {
        name: change.name?.trim() ?? title.name,
        description: change.description?.trim() ?? title.description,
        genres: change.genres === undefined ? title.genres : cleanGenres(change.genres),
        ageRating: change.ageRating ?? title.ageRating,
        publishedAt: change.publishedAt === undefined ? title.publishedAt : change.publishedAt,
      },
      at,
    ),
  )

/** A removed title stays removed while its video goes on being made: the news waits for its return. */
export const withStatus = (
  title: Title,
  status: TitleStatus,
  details: { readonly durationMs?: number | undefined },
  at: number,
): Title =>
  next(
    title,
    {
      ...(title.status === 'removed' ? { statusBefore: status } : { status }),
      durationMs: details.durationMs ?? title.durationMs,
    },
    at,
  )

export const removedTitle = (title: Title, at: number): Title =>
  title.status === 'removed' ? title : next(title, { status: 'removed', statusBefore: title.status }, at)

export const restoredTitle = (title: Title, at: number): Title =>
  title.status === 'removed'
    ? next(title, { status: title.statusBefore ?? 'draft', statusBefore: null }, at)
    : title

/** The whole title as the event contract tells it. */
export function upsertedEvent(title: Title, eventId: string): StoredEvent {
  const { tenantId, name, description, creatorId, status, durationMs, ageRating, publishedAt, simulated } =
    title
  return serverEvent(titleUpserted, title.updatedAt, eventId, {
    tenantId,
    titleId: title.id,
    name,
    description,
    creatorId,
    genres: [...title.genres],
    status,
    durationMs,
    ageRating,
    publishedAt,
    simulated,
  })
}

const cleanGenres = (genres: readonly string[]): string[] => [
  ...new Set(genres.map((genre) => genre.trim().toLowerCase()).filter((genre) => genre !== '')),
]

function checked(title: Title): Title {
  const wrong =
    title.name === '' || title.name.length > 200
      ? 'The name must have 1 to 200 characters.'
      : title.description.length > 5000
        ? 'The description is longer than 5000 characters.'
        : title.genres.length > 8 || title.genres.some((genre) => genre.length > 80)
          ? 'There are more than 8 genres, or one is too long.'
          : title.ageRating === '' || title.ageRating.length > 16
            ? 'The age rating must be short, like "all" or "16".'
            : !/^[A-Za-z0-9_-]{1,64}$/.test(title.id)
              ? `"${title.id}" cannot be the id of a title.`
              : null
  if (wrong !== null) throw new Refusal(refusals.badTitle, wrong)
  return title
}
