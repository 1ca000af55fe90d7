/** The player's icons, drawn here: 24 x 24, in the colour of the text. */
const svg = (inner: string): string =>
  `<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="currentColor">${inner}</svg>`
const STROKE =
  'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
const line = (d: string, more = ''): string => svg(`<path d="${d}" ${STROKE}/>${more}`)
const ten = '<text x="12" y="15.6" text-anchor="middle" font-size="7.4" font-weight="700">10</text>'

export const icons = {
  play: svg('<path d="M8 5.2v13.6a1 1 0 0 0 1.5.86l11-6.8a1 1 0 0 0 0-1.72l-11-6.8A1 1 0 0 0 8 5.2z"/>'),
  pause: svg(
    '<rect x="6" y="5" width="4.2" height="14" rx="1.2"/><rect x="13.8" y="5" width="4.2" height="14" rx="1.2"/>',
  ),
  again: line('M20 12a8 8 0 1 1-2.6-5.9M20 3.5v4.2h-4.2'),
  back: line('M12 4.6a8.2 8.2 0 1 1-7.5 5M12.4 1.6 9.3 4.7l3.1 3', ten),
  forward: line('M12 4.6a8.2 8.2 0 1 0 7.5 5M11.6 1.6l3.1 3.1-3.1 3', ten),
  loud: line('M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11'),
  quiet: line('M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6'),
  muted: line('M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5'),
  captions: line('M3.5 6h17v12h-17zM10.5 10.7a2 2 0 1 0 0 2.6M16.8 10.7a2 2 0 1 0 0 2.6'),
  settings: line('M4 7h9M17 7h3M4 12h3M11 12h9M4 17h10M18 17h2M15 5v4M9 10v4M16 15v4'),
  inset: line('M3.5 5.5h17v13h-17zM12 12h6v4h-6z'),
  full: line('M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5'),
  small: line('M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5'),
  into: line('M10 7l5 5-5 5'),
  out: line('M14 7l-5 5 5 5'),
  trouble: line(
    'M12 8v5M12 16.5v.01M10.3 4.2 2.9 17.3A2 2 0 0 0 4.6 20.3h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z',
  ),
} as const
