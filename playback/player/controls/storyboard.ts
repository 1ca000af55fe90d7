/** Pictures for the scrubber, from WebVTT whose cues point into a sprite (`#xywh=`). */
export type Tile = {
  readonly url: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
type Cue = Tile & { readonly from: number; readonly to: number }

const seconds = (text: string): number =>
  text.split(':').reduce((sum, part) => sum * 60 + Number.parseFloat(part), 0)

/** The cues of a storyboard; blocks that are none are passed over. */
export function parseStoryboard(vtt: string, base: string): Cue[] {
  const cues: Cue[] = []
  for (const block of vtt.replaceAll('\r', '').split('\n\n')) {
    const lines = block.split('\n')
    const at = lines.findIndex((line) => line.includes('-->'))
    const [from, to] = (lines[at] ?? '').split('-->')
    const found = /^(.*)#xywh=(\d+),(\d+),(\d+),(\d+)$/.exec(lines[at + 1]?.trim() ?? '')
    if (from === undefined || to === undefined || found === null) continue
    const [, file = '', x, y, width, height] = found
    const tile = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) }
    cues.push({ from: seconds(from.trim()), to: seconds(to.trim()), url: new URL(file, base).href, ...tile })
  }
  return cues
}

export type Storyboard = {
  tileAt(second: number): Tile | null
  /** Width of the whole sprite; null until it has been loaded, which `onLoad` tells. */
  sheetWidth(url: string, onLoad: () => void): number | null
}

export async function loadStoryboard(url: string): Promise<Storyboard> {
  const response = await fetch(url)
  const cues = response.ok ? parseStoryboard(await response.text(), new URL(url, location.href).href) : []
  const sheets = new Map<string, HTMLImageElement>()
  return {
    tileAt: (second) => cues.find((cue) => second >= cue.from && second < cue.to) ?? cues.at(-1) ?? null,
    sheetWidth: (sheet, onLoad) => {
      let image = sheets.get(sheet)
      if (image === undefined) {
        image = new Image()
        sheets.set(sheet, image)
        image.addEventListener('load', onLoad, { once: true })
        image.src = sheet
      }
      return image.naturalWidth === 0 ? null : image.naturalWidth
    },
  }
}
