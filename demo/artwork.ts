/** Posters drawn by program: one composition a genre, varied by title. 16:9 SVG, safe to serve as it is. */
import { required } from '#base/assert.ts'
import { fnv1a } from '#base/ids.ts'
import { createRandom, type Random } from '#base/random.ts'
import { type GenreStyle, genres, type Motif } from '#demo/genres.ts'

const WIDTH = 640
const HEIGHT = 360

type Colours = readonly [from: string, to: string, accent: string]
type Attributes = Readonly<Record<string, string | number>>
const round = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 100) / 100) : value
/** One SVG element. Values are ours, never a viewer's, but for text, which is escaped before it comes here. */
const tag = (name: string, attributes: Attributes, body = ''): string => {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${round(value)}"`)
  return `<${name}${list.join('')}>${body}</${name}>`
}
const circle = (cx: number, cy: number, r: number, rest: Attributes): string =>
  tag('circle', { cx, cy, r, ...rest })
const times = (count: number, draw: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => draw(i)).join('')
const points = (list: readonly (readonly [number, number])[]): string =>
  list.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')

const motifs: Record<Motif, (random: Random, accent: string) => string> = {
  rings: (random, stroke) => {
    const x = 380 + random.next() * 160
    const y = 90 + random.next() * 120
    return times(9, (i) => {
      const look = { fill: 'none', stroke, 'stroke-width': 9 - i * 0.8, opacity: 0.75 - i * 0.07 }
      return circle(x, y, 26 + i * 26, look)
    })
  },
  peaks: (random, fill) => {
    const ranges = times(4, (i) => {
      const base = 200 + i * 42
      const ridge = Array.from(
        { length: 9 },
        (_, k) => [k * 80, base - random.next() * (130 - i * 20)] as const,
      )
      const shape = points([[0, HEIGHT], ...ridge, [WIDTH, HEIGHT]])
      return tag('polygon', { points: shape, fill, opacity: 0.14 + i * 0.13 })
    })
    return ranges + circle(470 + random.next() * 80, 82, 34, { fill, opacity: 0.9 })
  },
  waves: (random, stroke) => {
    const phase = random.next() * 6
    return times(11, (i) => {
      const line = Array.from({ length: 33 }, (_, k) => {
        const swing = Math.sin(k / 3.2 + phase + i * 0.35) * (10 + 30 * Math.exp(-(((k - 20) / 8) ** 2)))
        return [k * 20, 70 + i * 20 + swing] as const
      })
      const look = { fill: 'none', stroke, 'stroke-width': 2.5, opacity: 0.2 + i * 0.06 }
      return tag('polyline', { points: points(line), ...look })
    })
  },
  rays: (random, accent) => {
    const x = 440 + random.next() * 120
    const y = 150
    const beams = times(22, (i) => {
      const angle = (i / 22) * Math.PI * 2
      const to = { x2: x + Math.cos(angle) * 520, y2: y + Math.sin(angle) * 520 }
      const look = { stroke: accent, 'stroke-width': 2 + random.next() * 10, opacity: 0.16 }
      return tag('line', { x1: x, y1: y, ...to, ...look })
    })
    return beams + circle(x, y, 62, { fill: accent, opacity: 0.92 })
  },
  grid: (random, fill) =>
    times(84, (i) => {
      const size = 34 * (0.25 + random.next() * 0.75)
      const place = { x: 120 + (i % 14) * 38, y: 20 + Math.floor(i / 14) * 38, width: size, height: size }
      return tag('rect', { ...place, rx: 3, fill, opacity: 0.08 + random.next() * 0.5 })
    }),
  leaves: (random, fill) =>
    times(16, (i) => {
      const x = 200 + random.next() * 420
      const y = 30 + random.next() * 230
      const length = 50 + random.next() * 90
      const [half, third] = [round(length / 2), round(length / 3)]
      const d = `M0 0 Q${half} -${third} ${round(length)} 0 Q${half} ${third} 0 0Z`
      const transform = `translate(${round(x)} ${round(y)}) rotate(${round(random.next() * 360)})`
      return tag('path', { d, transform, fill, opacity: 0.16 + (i % 5) * 0.13 })
    }),
  blocks: (random, fill) =>
    times(13, (i) => {
      const size = 40 + random.next() * 90
      const place = { x: 230 + random.next() * 340, y: 10 + random.next() * 220, width: size, height: size }
      const transform = `rotate(${round(random.next() * 40 - 20)} 420 160)`
      return tag('rect', { ...place, rx: size * 0.28, fill, opacity: 0.14 + (i % 4) * 0.17, transform })
    }),
  orbits: (random, accent) => {
    const planets = times(6, (i) => {
      const rx = 60 + i * 44
      const ry = rx * 0.36
      const angle = random.next() * Math.PI * 2
      const path = tag('ellipse', { rx, ry, fill: 'none', stroke: accent, 'stroke-width': 1.6, opacity: 0.5 })
      const size = 5 + random.next() * 9
      const planet = circle(Math.cos(angle) * rx, Math.sin(angle) * ry, size, { fill: accent })
      return tag('g', { transform: `translate(430 160) rotate(${-24 + i * 2})` }, path + planet)
    })
    return planets + circle(430, 160, 26, { fill: accent })
  },
  stripes: (random, fill) =>
    times(12, (i) => {
      const x = 150 + i * 46 + random.next() * 12
      const size = { x, y: -60, width: 6 + random.next() * 26, height: 520 }
      return tag('rect', {
        ...size,
        fill,
        opacity: 0.1 + random.next() * 0.55,
        transform: 'rotate(18 320 180)',
      })
    }),
  dots: (random, fill) =>
    times(60, (i) => {
      const x = 170 + (i % 10) * 46
      const y = 34 + Math.floor(i / 10) * 46
      return circle(x, y, 4 + random.next() * 17, { fill, opacity: 0.35 + random.next() * 0.6 })
    }),
}

const XMLNS = 'http://www.w3.org/2000/svg'
const FONT = 'Inter, system-ui, sans-serif'
const NIGHT = '#0d0d14'
const stop = (colour: string, offset: number, opacity = 1): string =>
  tag('stop', { 'stop-color': colour, offset, 'stop-opacity': opacity })
const diagonal = (from: string, to: string): string =>
  tag('linearGradient', { id: 'b', x1: 0, y1: 0, x2: 1, y2: 1 }, stop(from, 0) + stop(to, 1))

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string)

/** Breaks a name into at most three lines of about 16 characters. */
function lines(name: string): string[] {
  const out: string[] = []
  for (const word of name.split(' ')) {
    const last = out.at(-1)
    if (last !== undefined && (last.length + word.length < 16 || out.length === 3))
      out[out.length - 1] = `${last} ${word}`
    else out.push(word)
  }
  return out
}

const styleOf = (genre: string): GenreStyle =>
  genres.find((one) => one.name === genre) ?? required(genres[0], 'genre')

/** The poster of a title, as SVG text. */
export function drawPoster(title: { id: string; name: string; genres: readonly string[] }): string {
  const random = createRandom(fnv1a(title.id))
  const style = styleOf(title.genres[0] ?? '')
  const [from, to, accent] = random.pick(style.colours) as Colours
  const words = lines(title.name)
  const size = words.some((line) => line.length > 17) ? 34 : 42
  const top = HEIGHT - 34 - (words.length - 1) * (size + 4)
  const text = words.map((line, i) => tag('text', { x: 32, y: top + i * (size + 4) }, escape(line))).join('')
  // A shadow rises from below so that the name can be read on every picture.
  const shadow = tag(
    'linearGradient',
    { id: 's', x1: 0, y1: 0, x2: 0, y2: 1 },
    stop(NIGHT, 0.3, 0) + stop(NIGHT, 1, 0.8),
  )
  const whole = { width: WIDTH, height: HEIGHT }
  const lettering = { 'font-family': FONT, 'font-weight': 750, 'font-size': size, 'letter-spacing': -0.8 }
  return tag(
    'svg',
    { xmlns: XMLNS, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': escape(title.name) },
    [
      tag('defs', {}, diagonal(from, to) + shadow),
      tag('rect', { ...whole, fill: 'url(#b)' }),
      motifs[style.motif](random, accent),
      tag('rect', { ...whole, fill: 'url(#s)' }),
      tag('g', { ...lettering, fill: '#fff' }, text),
    ].join(''),
  )
}

/** A round face for a person or a creator: initials on their colours. */
export function drawAvatar(id: string, name: string): string {
  const random = createRandom(fnv1a(id))
  const [from, to] = random.pick(random.pick(genres).colours) as Colours
  const initials = name
    .split(/\s+/)
    .filter((word) => /^\p{L}/u.test(word))
    .slice(0, 2)
    .map((word) => word[0])
    .join('')
  const lettering = { 'text-anchor': 'middle', 'font-family': FONT, 'font-weight': 650, 'font-size': 36 }
  return tag(
    'svg',
    { xmlns: XMLNS, viewBox: '0 0 96 96' },
    [
      tag('defs', {}, diagonal(from, to)),
      tag('rect', { width: 96, height: 96, rx: 48, fill: 'url(#b)' }),
      tag('text', { x: 48, y: 60, ...lettering, fill: '#fff' }, escape(initials)),
    ].join(''),
  )
}
