/** What creators write of a title, trimmed and held to bounds that the page can name. */
import { refusals } from '#api/errors.ts'
import { Refusal } from '#base/refusal.ts'

const NAME_MAX = 200

export function checkedName(name: string): string {
  const trimmed = name.trim()
  if (trimmed.length === 0) throw new Refusal(refusals.badInput, 'name is empty.')
  if (trimmed.length > NAME_MAX)
    throw new Refusal(refusals.badInput, `name is longer than ${NAME_MAX} characters.`)
  return trimmed
}

export function checkedDescription(text: string): string {
  if (text.length > 5000) throw new Refusal(refusals.badInput, 'description is longer than 5000 characters.')
  return text
}

export function checkedGenres(genres: readonly string[]): string[] {
  const clean = [
    ...new Set(genres.map((genre) => genre.trim().toLowerCase()).filter((genre) => genre !== '')),
  ]
  if (clean.length > 8 || clean.some((genre) => genre.length > 40)) {
    throw new Refusal(refusals.badInput, 'genres: at most 8, each at most 40 characters.')
  }
  return clean
}
