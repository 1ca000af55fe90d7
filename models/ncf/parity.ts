/**
 * What serves equals what was trained: the exported graph, scored as serving scores it, against the trainer's own scores.
 */

import { createRandom } from '#base/random.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#models/errors.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import { openNcfSession, titlesTensor } from '#models/ncf/session.ts'

/** Of a score, or of 1 where scores are smaller: 32-bit sums in two orders part in the seventh digit. */
const TOLERANCE = 1e-5
const MAX_VIEWERS = 64
const MAX_SCORES = 2_000_000

/**
 * Scores a seeded sample of viewers (at most 64, and at most two million scores, yet always one viewer) for all titles
 * both ways; resolves to the largest difference. Refuses with SV_EXPORT_DIFFERS where it is above 1e-5, or not a number.
 */
export async function checkExport(
  artifact: { readonly onnx: Uint8Array; readonly index: Uint8Array },
  scores: Scorer,
  seed: number,
): Promise<number> {
  const session = await openNcfSession(artifact)
  try {
    const { viewers, titles } = session.index
    const most = Math.min(MAX_VIEWERS, Math.max(1, Math.floor(MAX_SCORES / titles.length)))
    const sample = createRandom(seed)
      .shuffle(viewers.map((_, viewer) => viewer))
      .slice(0, most)
    const all = titlesTensor(titles.map((_, title) => title))
    let largest = 0
    for (const viewer of sample) {
      const expected = scores(viewer)
      const got = await session.score(viewer, all)
      for (const [title, score] of got.entries()) {
        const own = expected[title] as number
        const apart = Math.abs(score - own) / Math.max(1, Math.abs(own))
        if (!(apart <= TOLERANCE)) {
          throw new Refusal(
            refusals.exportDiffers,
            `The exported model scores title ${titles[title]} at ${score} for one of its viewers, the trainer at ${own}.`,
          )
        }
        if (apart > largest) largest = apart
      }
    }
    return largest
  } finally {
    await session.close()
  }
}
