/** WebVTT, written, checked and made of SubRip: captions and the storyboard's map. */
export type Cue = { readonly startMs: number; readonly endMs: number; readonly text: string }

/** `00:01:02.345` */
export function timestamp(ms: number): string {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const rest = String(Math.floor(ms) % 1000).padStart(3, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${rest}`
}

/** Cue text may hold neither an arrow nor an empty line: both would end the cue early. */
const cleaned = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/-->/g, '→')
    .replace(/\n{2,}/g, '\n')
    .trim()

export function writeVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(
    (cue) => `${timestamp(cue.startMs)} --> ${timestamp(cue.endMs)}\n${cleaned(cue.text)}\n`,
  )
  return ['WEBVTT\n', ...blocks].join('\n')
}

/** A file is taken for WebVTT when it begins as one and every timing line can be read. */
export function isVtt(text: string): boolean {
  if (!/^\uFEFF?WEBVTT([ \t][^\n]*)?(\r?\n|$)/.test(text)) return false
  const time = String.raw`(\d{2,}:)?\d{2}:\d{2}\.\d{3}`
  const timing = new RegExp(`^\\s*${time}\\s+-->\\s+${time}(\\s.*)?$`)
  return text
    .split(/\r?\n/)
    .filter((line) => line.includes('-->'))
    .every((line) => timing.test(line))
}

const SRT_TIMING =
  /^\s*(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})\s*-->\s*(\d{1,3}):(\d{2}):(\d{2})[,.](\d{1,3})(\s.*)?$/
const msOf = ([hours, minutes, seconds, rest]: readonly (string | undefined)[]): number =>
  ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number((rest ?? '').padEnd(3, '0'))

/** The cues of a SubRip file; null when it is none: a block without a timing, an end before its beginning. */
function readSrt(text: string): Cue[] | null {
  const blocks = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split(/\n[ \t]*\n+/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
  const cues: Cue[] = []
  for (const block of blocks) {
    const lines = block.split('\n')
    const at = /^\d+$/.test(lines[0]?.trim() ?? '') ? 1 : 0
    const found = SRT_TIMING.exec(lines[at] ?? '')
    if (found === null) return null
    const [startMs, endMs] = [msOf(found.slice(1, 5)), msOf(found.slice(5, 9))]
    if (endMs < startMs) return null
    const words = lines
      .slice(at + 1)
      .join('\n')
      .replace(/<\/?font[^>]*>|\{\\[^}]*\}/g, '')
    if (words.trim() !== '') cues.push({ startMs, endMs, text: words })
  }
  return cues.length === 0 ? null : cues
}

/** A caption file as WebVTT: as it is, or made of SubRip; null when it is neither. */
export function vttOf(text: string): string | null {
  if (isVtt(text)) return text
  const cues = readSrt(text)
  return cues === null ? null : writeVtt(cues)
}
