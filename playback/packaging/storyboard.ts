/** The map of the storyboard: which part of the sheet shows which seconds. */
import { writeVtt } from '#playback/packaging/vtt.ts'

export type Storyboard = {
  readonly everyMs: number
  readonly columns: number
  readonly rows: number
  readonly tileWidthPx: number
  readonly tileHeightPx: number
}

const MOST_TILES = 100
const COLUMNS = 10
const TILE_SIDE_PX = 160
const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2)

/** A tile a second for short titles, never more than a hundred tiles. */
export function planStoryboard(durationMs: number, widthPx: number, heightPx: number): Storyboard {
  const everyMs = Math.max(1000, Math.ceil(durationMs / MOST_TILES / 1000) * 1000)
  const tiles = Math.max(1, Math.ceil(durationMs / everyMs))
  const scale = TILE_SIDE_PX / Math.max(widthPx, heightPx)
  return {
    everyMs,
    columns: Math.min(COLUMNS, tiles),
    rows: Math.ceil(tiles / COLUMNS),
    tileWidthPx: even(widthPx * scale),
    tileHeightPx: even(heightPx * scale),
  }
}

export function writeStoryboard(board: Storyboard, durationMs: number, sheet: string): string {
  const tiles = Math.max(1, Math.ceil(durationMs / board.everyMs))
  return writeVtt(
    Array.from({ length: tiles }, (_, tile) => {
      const x = (tile % board.columns) * board.tileWidthPx
      const y = Math.floor(tile / board.columns) * board.tileHeightPx
      return {
        startMs: tile * board.everyMs,
        endMs: Math.min(durationMs, (tile + 1) * board.everyMs),
        text: `${sheet}#xywh=${x},${y},${board.tileWidthPx},${board.tileHeightPx}`,
      }
    }),
  )
}
