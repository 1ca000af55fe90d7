/** Posters drawn by program: one composition a genre, varied by title. 16:9 SVG, safe to serve as it is. */
import { required } from '#base/assert.ts'
import { fnv1a } from '#base/ids.ts'
import { createRandom, type Random } from '#base/random.ts'
import { type GenreStyle, genres, type Motif } from '#demo/genres.ts'

const WIDTH = 640
const HEIGHT = 360

type Colours = readonly [from: string, to: string, accent: string]
const n = (value: number): string => value.toFixed(1)

const circle = (x: number, y: number, r: number, rest: string): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" ${rest}/>`
const times = (count: number, draw: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => draw(i)).join('')

const motifs: Record<Motif, (random: Random, accent: string) => string> = {
  rings: (random, accent) => {
    const x = 380 + random.next() * 160
    const y = 90 + random.next() * 120
    return times(9, (i) =>
      circle(
        x,
        y,
        26 + i * 26,
        `fill="none" stroke="${accent}" stroke-width="${n(9 - i * 0.8)}" opacity="${n(0.75 - i * 0.07)}"`,
      ),
    )
  },
  peaks: (random, accent) =>
    times(4, (i) => {
      const base = 200 + i * 42
      const points = Array.from(
        { length: 9 },
        (_, k) => `${k * 80},${n(base - random.next() * (130 - i * 20))}`,
      )
      return `<polygon points="0,360 ${points.join(' ')} 640,360" fill="${accent}" opacity="${n(0.14 + i * 0.13)}"/>`
    }) + circle(470 + random.next() * 80, 82, 34, `fill="${accent}" opacity="0.9"`),
  waves: (random, accent) => {
    const phase = random.next() * 6
    return times(11, (i) => {
      const points = Array.from({ length: 33 }, (_, k) => {
        const swing = Math.sin(k / 3.2 + phase + i * 0.35) * (10 + 30 * Math.exp(-(((k - 20) / 8) ** 2)))
        return `${k * 20},${n(70 + i * 20 + swing)}`
      })
      return `<polyline points="${points.join(' ')}" fill="none" stroke="${accent}" stroke-width="2.5" opacity="${n(0.2 + i * 0.06)}"/>`
    })
  },
  rays: (random, accent) => {
    const x = 440 + random.next() * 120
    return (
      times(22, (i) => {
        const angle = (i / 22) * Math.PI * 2
        return `<line x1="${n(x)}" y1="150" x2="${n(x + Math.cos(angle) * 520)}" y2="${n(150 + Math.sin(angle) * 520)}" stroke="${accent}" stroke-width="${n(2 + random.next() * 10)}" opacity="0.16"/>`
      }) + circle(x, 150, 62, `fill="${accent}" opacity="0.92"`)
    )
  },
  grid: (random, accent) =>
    times(84, (i) => {
      const size = 34 * (0.25 + random.next() * 0.75)
      const x = 120 + (i % 14) * 38
      const y = 20 + Math.floor(i / 14) * 38
      return `<rect x="${n(x)}" y="${n(y)}" width="${n(size)}" height="${n(size)}" rx="3" fill="${accent}" opacity="${n(0.08 + random.next() * 0.5)}"/>`
    }),
  leaves: (random, accent) =>
    times(16, (i) => {
      const x = 200 + random.next() * 420
      const y = 30 + random.next() * 230
      const length = 50 + random.next() * 90
      return `<path d="M0 0 Q${n(length / 2)} ${n(-length / 3)} ${n(length)} 0 Q${n(length / 2)} ${n(length / 3)} 0 0Z" transform="translate(${n(x)} ${n(y)}) rotate(${n(random.next() * 360)})" fill="${accent}" opacity="${n(0.16 + (i % 5) * 0.13)}"/>`
    }),
  blocks: (random, accent) =>
    times(13, (i) => {
      const size = 40 + random.next() * 90
      return `<rect x="${n(230 + random.next() * 340)}" y="${n(10 + random.next() * 220)}" width="${n(size)}" height="${n(size)}" rx="${n(size * 0.28)}" fill="${accent}" opacity="${n(0.14 + (i % 4) * 0.17)}" transform="rotate(${n(random.next() * 40 - 20)} 420 160)"/>`
    }),
  orbits: (random, accent) =>
    times(6, (i) => {
      const rx = 60 + i * 44
      const angle = random.next() * Math.PI * 2
      const tilt = -24 + i * 2
      return `<g transform="translate(430 160) rotate(${tilt})"><ellipse rx="${rx}" ry="${n(rx * 0.36)}" fill="none" stroke="${accent}" stroke-width="1.6" opacity="0.5"/>${circle(Math.cos(angle) * rx, Math.sin(angle) * rx * 0.36, 5 + random.next() * 9, `fill="${accent}"`)}</g>`
    }) + circle(430, 160, 26, `fill="${accent}"`),
  stripes: (random, accent) =>
    times(12, (i) => {
      const x = 150 + i * 46 + random.next() * 12
      return `<rect x="${n(x)}" y="-60" width="${n(6 + random.next() * 26)}" height="520" fill="${accent}" opacity="${n(0.1 + random.next() * 0.55)}" transform="rotate(18 320 180)"/>`
    }),
  dots: (random, accent) =>
    times(60, (i) => {
      const x = 170 + (i % 10) * 46
      const y = 34 + Math.floor(i / 10) * 46
      return circle(
        x,
        y,
        4 + random.next() * 17,
        `fill="${accent}" opacity="${n(0.35 + random.next() * 0.6)}"`,
      )
    }),
}

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
  const text = words
    .map((line, i) => `<text x="32" y="${top + i * (size + 4)}">${escape(line)}</text>`)
    .join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title.name)}"><defs><linearGradient id="b" x1="0" y1="0" x2="1" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0.35" stop-color="${from}" stop-opacity="0"/><stop offset="1" stop-color="${from}" stop-opacity="0.88"/></linearGradient></defs><rect width="${WIDTH}" height="${HEIGHT}" fill="url(#b)"/>${motifs[style.motif](random, accent)}<rect width="${WIDTH}" height="${HEIGHT}" fill="url(#s)"/><g font-family="Inter, system-ui, sans-serif" font-weight="750" font-size="${size}" letter-spacing="-0.8" fill="#fff">${text}</g></svg>`
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
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><defs><linearGradient id="b" x1="0" y1="0" x2="1" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs><rect width="96" height="96" rx="48" fill="url(#b)"/><text x="48" y="60" text-anchor="middle" font-family="Inter, system-ui, sans-serif" font-weight="650" font-size="36" fill="#fff">${escape(initials)}</text></svg>`
}
