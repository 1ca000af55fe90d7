/** docs/metrics.md: every metric from its definition, and the rules views are built by. Run by `npm run contract`. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MetricDefinition } from '#metrics/define.ts'
import { metrics } from '#metrics/registry.ts'

const RULES = `## How a view is built

A view is one playback attempt of one title in one player. Its row is built from its events as a set: an event that is
there twice counts once, order comes from the player's own count, and delay changes nothing.

- **Playing time** between two reports is credited up to the smallest of: the wall time between them, the way of the
  playhead at the playback rate plus 2 s, and twice the reporting interval. Waiting and seeking are credited up to a minute.
- **Rebuffering** needs a frame to have been shown, and that the viewer neither paused nor seeks.
- **Seeks** cut the parts watched: the begin of a seek says the position left, its end the position reached. Seeks less than
  250 ms apart are one.
- **Startup** is from intent to first frame; where the intent was not seen, what the player measured.
- **Watch time** is playing, rebuffering and seeking after the first frame. At another speed it stays wall time, while
  content is counted by the playhead.
- **Content watched** is the union of the parts played: each part once. Retention counts a second when its middle was played.
- **An open view** is provisional; an hour without a sign of life ends it as dropped.
- **Every view is exactly one of** play, start failure, exit before start, ended by a rule before start, or dropped before
  start. Previews are no views; two players on one view id are two views.
- **Ratios** are sums over sums. Percentiles are of views, never averaged. Unique viewers never add up.`

const section = (metric: MetricDefinition): string =>
  [
    `### ${metric.name}`,
    metric.about,
    [
      `- formula: \`${metric.formula}\` (${metric.unit})`,
      `- population: ${metric.population}`,
      `- put into a period by: ${metric.clock}`,
      `- no value when: ${metric.nullWhen}`,
      `- source: ${metric.source}`,
    ].join('\n'),
  ].join('\n\n')

const INTRO = [
  '# Metrics',
  'Written from the definitions in `metrics/`: `npm run contract`.',
  RULES,
  '## Definitions',
]

export const renderMetrics = (): string => `${[...INTRO, ...metrics.map(section)].join('\n\n')}\n`

if (import.meta.main) writeFileSync(path.join(import.meta.dirname, '../docs/metrics.md'), renderMetrics())
