/** Values with their intervals on one scale, as SVG: what a person sees before they read a number. */

export type Whisker = {
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
  /** Drawn beside it, small. */
  readonly note?: string
}

const WIDTH = 760
const LABEL = 290
const RIGHT = 190
const ROW = 30

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** A row a whisker. `zero` draws the line that differences are read against. */
export function drawForest(
  whiskers: readonly Whisker[],
  options: { readonly title: string; readonly zero?: boolean; readonly digits?: number },
): string {
  const { title, zero = false, digits = 4 } = options
  const ends = whiskers.flatMap(({ low, high, value }) => [low, high, value])
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  const span = most - least || 1
  const x = (n: number): string => (LABEL + ((n - least) / span) * (WIDTH - LABEL - RIGHT)).toFixed(1)
  const height = whiskers.length * ROW + 8
  const rows = whiskers.map(({ label, value, low, high, note }, k) => {
    const y = k * ROW + ROW / 2 + 4
    const tone = !zero ? '' : low > 0 ? ' good' : high < 0 ? ' bad' : ' open'
    const figures =
      low === high
        ? value.toFixed(digits)
        : `${value.toFixed(digits)}  [${low.toFixed(digits)}, ${high.toFixed(digits)}]`
    return `<g class="row${tone}"><text x="0" y="${y + 4}">${escapeHtml(label)}${
      note === undefined ? '' : `<tspan class="note" dx="8">${escapeHtml(note)}</tspan>`
    }</text>
<line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}"/><circle cx="${x(value)}" cy="${y}" r="5"/>
<text class="figures" x="${WIDTH}" y="${y + 4}" text-anchor="end">${figures}</text></g>`
  })
  const axis = `<line class="axis" x1="${x(0)}" x2="${x(0)}" y1="0" y2="${height}"/>`
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="${escapeHtml(title)}">${axis}${rows.join('\n')}</svg>`
}
