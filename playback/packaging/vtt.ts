/** WebVTT, written and checked: captions and the storyboard's map. */
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
