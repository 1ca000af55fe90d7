/**
 * Scores of a view from 0 to 100, and their mean over the views that have one. `svx-1` is ours and open: a change of a
 * weight or a curve takes a new number. By view end.
 */
import { defineMetric, MUX, quality } from '#metrics/define.ts'
import type { Expression } from '#metrics/expressions.ts'

const WEIGHTS = { smoothness: 0.45, startup: 0.35, picture: 0.2 } as const
const weighted = Object.entries(WEIGHTS)
const known = weighted.map(([score, weight]) => `if(isNull(${score}), 0, ${weight})`).join(' + ')
const total = weighted.map(([score, weight]) => `${weight} * ifNull(${score}, 0)`).join(' + ')

/** What each view gets, as columns beside its own. */
export const SCORES = `
  multiIf(playbackFailure, 0., isPlay, 100., exitBeforeStart AND exitWaitMs >= 1000, 50., NULL) AS success,
  100 * 8 / (8 + startupMs / 1000) AS startup,
  if(isPlay AND watchMs > 0,
    (100 / sqrt(1 + pow(rebufferCount / 2, 2)) + 100 * exp(-10 * rebufferMs / watchMs)) / 2, NULL) AS smoothness,
  if(scaledMs > 0,
    100 * exp(-0.33 * (0.15 * upscaleMost / 1000000 + 0.85 * upscaleTime / 1000000 / scaledMs)), NULL) AS picture,
  success / 100 * if(${known} > 0, (${total}) / (${known}), 100) AS svx1`

/** Each view's score counts in whole millionths: their sum is the same in whatever order it is made. */
const meanScore =
  (score: string): Expression =>
  (counted) =>
    `avgOrNullIf(round(${score} * 1000000), ${counted}) / 1000000`

const OURS = 'StreamVerse; curves after Mux Data viewer experience scores'

export const scoreMetrics = [
  defineMetric({
    name: 'successScore',
    about: 'Did it play?',
    formula: 'mean of: 100; 50 for leaving before the first frame after at least 1 s; 0 for a failure',
    unit: 'score',
    ...quality,
    nullWhen: 'only exits within a second, rules, and views that have not started',
    source: MUX,
    sql: meanScore('success'),
  }),
  defineMetric({
    name: 'startupScore',
    about: 'Did it start soon?',
    formula: 'mean of 100 x 8 / (8 + seconds of startup)',
    unit: 'score',
    ...quality,
    nullWhen: 'no startup was measured',
    source: MUX,
    sql: meanScore('startup'),
  }),
  defineMetric({
    name: 'smoothnessScore',
    about: 'Did it play without waiting?',
    formula:
      'mean of the mean of 100 / sqrt(1 + (c / 2)^2) and 100 x e^(-10 r); c times waited, r waiting of watch time',
    unit: 'score',
    ...quality,
    nullWhen: 'nothing was watched',
    source: MUX,
    sql: meanScore('smoothness'),
  }),
  defineMetric({
    name: 'qualityScore',
    about: 'Was the picture sharp on its screen?',
    formula: 'mean of 100 x e^(-0.33 (0.15 Umax + 0.85 Uavg)); U upscaling as a fraction',
    unit: 'score',
    ...quality,
    nullWhen: 'no player said both sizes',
    source: MUX,
    sql: meanScore('picture'),
  }),
  defineMetric({
    name: 'svx1Score',
    about:
      'svx-1: the experience of a view in one number, its parts weighted, those without a value left out.',
    formula:
      'mean of success / 100 x (0.45 smoothness + 0.35 startup + 0.20 quality) / (sum of the weights of those with a value)',
    unit: 'score',
    ...quality,
    nullWhen: 'no view has a success score',
    source: OURS,
    sql: meanScore('svx1'),
  }),
] as const
