/** docs/metrics.md: every metric from its definition, and the rules views are built by. Run by `npm run contract`. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { inPeriod, type MetricDefinition } from '#metrics/define.ts'
import { metrics } from '#metrics/registry.ts'
import { MOST_SCREENS, MOST_VIEWS } from '#pipelines/rushed-viewers.ts'

const RULES = `## How a view is built

A view is one playback attempt of one title in one player. Its row is built from its events as a set: an event that is
there twice counts once, order comes from the player's own count, and delay changes nothing.

- **Once.** Events with one id that say the same are one event. The same id with another payload is another event, kept and
  counted (\`reusedIds\`). Where two events have one count, time decides, then id, then what they say.
- **Playing time** between two reports is credited up to the smallest of: the wall time between them, the way of the
  playhead at the playback rate plus 2 s, and twice the reporting interval. Waiting and seeking are credited up to a minute.
  After the last report nothing is credited.
- **Rebuffering** needs a frame to have been shown, a playhead that stands still, and that the viewer neither paused nor seeks.
  Waiting in an ad is waiting for the ad. Failed goes before seeking, ad, rebuffering, paused, playing.
- **Seeks** cut the parts watched: the begin of a seek says the position left, its end the position reached. Seeks less than
  250 ms apart are one.
- **Startup** is from intent to first frame; where the intent was not seen, what the player measured. Nobody waits longer than
  an hour. Content startup leaves out the ads loaded and shown before the first frame of content.
- **Watch time** is playing, rebuffering and seeking after the first frame, in the background too. At another speed it stays
  wall time, while content is counted by the playhead. Ads are neither.
- **Content watched** is the union of the parts played: each part once; parts up to 120 ms apart are one. Retention counts a
  second when its middle was played.
- **Live** is what says a live latency: its playhead goes with the clock on the wall.
- **Sizes** are compared on the dimension that fits first. Up to 10 times blown up and up to 1 Gbit/s are believed.
- **Clocks.** A view is moved as a whole by the least difference between sending and receiving, when that is over 5 minutes;
  when it changes by as much within the view, each event goes by its own batch.
- **Presence**, for concurrent viewers: from each event to the next while joining, playing, waiting, seeking or in an ad; a
  silence is believed for three intervals, at least 30 s; waiting for 5 minutes.
- **An open view** is provisional; an hour without a sign of life ends it as dropped. Reports that come later under its id go
  on with it.
- **Every view is exactly one of** play, start failure, exit before start, ended by a rule before start, or dropped before
  start. Previews are no views; two players on one view id are two views.
- **Lost reports** are gaps in the player's count from 0.
- **Ratios** are sums over sums. Percentiles are of views, never averaged. Unique viewers never add up.

## Which views are left out

Nothing is deleted: views are flagged, left out of every figure, counted beside it, and counted in it when asked for
(\`include\`). A view is of the first kind that fits.

- **bots**: its events came from a program (by the name the client gives itself) or from a data centre (a proxy in front says
  so with \`x-streamverse-datacentre: 1\`); or more was watched than time passed between its first and last event; or its
  viewer began more than ${MOST_VIEWS} views within one hour of the clock, or watched in views begun in it more than
  ${MOST_SCREENS} screens can show. The flag follows from the events alone, whatever their order.
- **own**: the viewer is the creator of the title.
- **staff**: the viewer is a creator or an operator of the tenant. Both come from the play token, which knows who asked for it;
  events say no more than the two flags.

Shares of few things come with the interval of Wilson at 95 %. Groups of viewers are told from 5 on and in steps of 5, so that
two answers never differ by one viewer. Rows built by older rules are built again in the background (\`builtBy\`).

## How a figure came about

Every object of the API that has figures has \`provenance(of: "a field of it")\`: the definitions below, the period, the SQL with
its parameters and once more as text that any ClickHouse client runs, what is done after the SQL, until when everything
received is in it, and the rows it looks at: counted, left out by reason, late, and events told more than once.

- The SQL of one figure is its expression below over the same rows. Run again it gives the figure, as long as nothing new has
  come in for the period; \`again\` does so. Sums are of whole numbers (scores count in millionths): no order of rows
  changes a digit.
- Curves, intervals, estimates and steps of 5 are worked out after the SQL: \`after\` says how.
- **Restated** days are those of which something came an hour or more after their end in UTC. Each point of a series says of
  how many views (\`restatedViews\`); the studio marks them.`

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
      ...(metric.sql === undefined
        ? []
        : [`- in SQL: \`${metric.sql(inPeriod(metric)).replaceAll(/\s+/g, ' ')}\``]),
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
