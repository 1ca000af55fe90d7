/** Every offline feature there is, in the order of a training set's columns. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#features/errors.ts'
import type { OfflineFeature } from '#features/offline/define.ts'
import * as title from '#features/offline/title.ts'
import * as viewer from '#features/offline/viewer.ts'

export const offlineFeatures: readonly OfflineFeature[] = [
  viewer.viewerPlays,
  viewer.viewerWatchHours7d,
  viewer.viewerCompletedShare,
  viewer.viewerDaysSincePlay,
  viewer.viewerRebufferShare7d,
  title.titlePlays7d,
  title.titlePlays28d,
  title.titleScore,
  title.titleCompletedShare,
  title.titleWaitSeconds,
  title.titleAgeDays,
  viewer.viewerTitleSeen,
  viewer.viewerTitlePlays,
  viewer.viewerGenrePlays,
]

/** Features by name, each once, in the order asked for; refused where there is none of that name. */
export function findFeatures(names: readonly string[]): readonly OfflineFeature[] {
  return [...new Set(names)].map((name) => {
    const feature = offlineFeatures.find((one) => one.name === name)
    if (feature === undefined) throw new Refusal(refusals.featureMissing, `There is no feature ${name}.`)
    return feature
  })
}
