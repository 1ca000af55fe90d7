/** How versions fare on plays that came after them: what no choice of theirs can have seen. */
import { readFacts } from '#features/facts.ts'
import { type Interactions, readInteractions } from '#features/interactions.ts'
import { EASE_BASELINE, popularitiesOf } from '#models/baselines.ts'
import { ease } from '#models/ease/ease.ts'
import { type Evaluation, evaluate } from '#models/evaluate/evaluate.ts'
import type { Scorer } from '#models/evaluate/ranking.ts'
import { type Judged, judgedViewers, splitAtMoment, type TimeSplit } from '#models/evaluate/split.ts'
import type { LearnPorts } from '#models/learn.ts'
import { type NcfSession, openNcfSession, titlesTensor } from '#models/ncf/session.ts'
import type { ModelVersion } from '#models/version.ts'

const MIN_JUDGED = 20

/**
 * `version` on plays (the tenant's, or those given) after all of the versions were trained, against popularity, EASE and
 * the `others`; null while too few viewers known before have played since.
 */
export async function evaluateSince(
  version: ModelVersion,
  ports: LearnPorts,
  { others = [], from }: { readonly others?: readonly ModelVersion[]; readonly from?: Interactions } = {},
): Promise<Evaluation | null> {
  const { tenantId, seed } = version
  const versions = [version, ...others]
  const [interactions, facts] = await Promise.all([
    from ?? readInteractions(ports.warehouse, { tenantId }),
    readFacts(ports.warehouse, tenantId),
  ])
  const sessions: NcfSession[] = []
  try {
    for (const one of versions) sessions.push(await openNcfSession(await ports.registry.artifact(one)))
    const known = Math.max(...sessions.map(({ index }) => index.knowsUntil))
    const split = splitAtMoment(interactions, known + 1)
    const judged = judgedViewers(split)
    if (judged.length < MIN_JUDGED) return null
    const scorers: Scorer[] = []
    for (const session of sessions) scorers.push(await scoresOf(session, split, judged))
    const [model, ...rest] = scorers
    const task = { interactions: split.before, settings: EASE_BASELINE, seed, threads: 1 }
    const baselines = {
      ...popularitiesOf(split),
      [ease.name]: (await ease.fit(task)).scores,
      ...Object.fromEntries(rest.map((scorer, k) => [versions[k + 1]?.id, scorer])),
    }
    return evaluate({ split, model: model as Scorer, baselines, seed, facts })
  } finally {
    for (const session of sessions) await session.close()
  }
}

/** Titles and viewers a version does not know come last. */
const UNKNOWN = -1e9

/** A version's scores of the split's titles for each viewer judged. */
async function scoresOf(
  session: NcfSession,
  { before }: TimeSplit,
  judged: readonly Judged[],
): Promise<Scorer> {
  const all = titlesTensor(session.index.titles.map((_, k) => k))
  const places = before.titles.map((id) => session.titleIndex.get(id) ?? -1)
  const scores = new Map<number, Float64Array>()
  for (const { viewer } of judged) {
    const known = session.viewerIndex.get(before.viewers[viewer] as string)
    const own = known === undefined ? null : await session.score(known, all)
    scores.set(
      viewer,
      Float64Array.from(places, (place) => own?.[place] ?? UNKNOWN),
    )
  }
  return (viewer) => scores.get(viewer) as Float64Array
}
