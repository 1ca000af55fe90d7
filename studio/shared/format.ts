/** Numbers, durations and instants in words people read. Null is said as a dash: nothing was counted. */
const NONE = '–'
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

export const formatCount = (value: number | null): string =>
  value === null ? NONE : value < 100_000 ? whole.format(value) : compact.format(value)

export const formatPercent = (value: number | null, digits = 1): string =>
  value === null ? NONE : `${value.toFixed(digits)} %`

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return NONE
  const total = Math.floor(ms / 1000)
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = String(total % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

/** Seconds, below ten with one decimal: `0.6 s`. */
export const formatSeconds = (ms: number): string =>
  `${ms < 9950 ? (ms / 1000).toFixed(1) : whole.format(ms / 1000)} s`

/** Time watched in total: minutes below two hours, else hours. */
export const formatWatchTime = (ms: number): string =>
  ms < 7_200_000 ? `${whole.format(ms / 60_000)} min` : `${formatCount(ms / 3_600_000)} h`

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

export function formatRelative(at: number, now = Date.now()): string {
  const passed = at - now
  const [unit, size] = STEPS.find(([, step]) => Math.abs(passed) >= step) ?? STEPS[3]
  return relative.format(Math.round(passed / size), unit)
}
