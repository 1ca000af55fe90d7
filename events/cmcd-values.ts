/** How CMCD (CTA-5004) writes values, read leniently: what is missing or of another kind stays unknown. Browser-safe. */

export type CmcdValues = Readonly<Record<string, unknown>>

export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** Whole numbers of any unit; what is negative is unknown. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : null

/** CMCD v2 lists numbers per type of object, v1 gives one number; video counts, else the first. */
export function listed(value: unknown): number | null {
  if (!Array.isArray(value)) return numberOf(value)
  const items = value as readonly (number | { value?: unknown; params?: CmcdValues })[]
  const video = items.find((item) => typeof item === 'object' && item.params?.['v'] === true)
  const chosen = video ?? items[0]
  return numberOf(typeof chosen === 'object' ? chosen.value : chosen)
}
