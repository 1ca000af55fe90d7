/** How far a viewer is with a title. */
import type { CardTitle } from './queries.ts'

export type Progress = { readonly share: number; readonly leftMs: number; readonly positionMs: number }

/** Null when not begun, or seen to the end. */
export function progressOf({
  resume,
  durationMs,
}: Pick<CardTitle, 'resume' | 'durationMs'>): Progress | null {
  if (resume === null || resume.completed || durationMs === null || resume.positionMs <= 0) return null
  const positionMs = Math.min(resume.positionMs, durationMs)
  return { share: positionMs / durationMs, leftMs: durationMs - positionMs, positionMs }
}
