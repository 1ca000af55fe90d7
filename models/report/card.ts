/** The model card of a version (after Mitchell et al. 2019), as Markdown. */
import type { Interval } from '#models/evaluate/bootstrap.ts'
import type { Metric } from '#models/evaluate/evaluate.ts'
import { fixed, interval } from '#models/evaluate/words.ts'
import { kindNamed } from '#models/kinds.ts'
import type { ModelVersion } from '#models/version.ts'

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const own = ({ value, low, high }: Interval): string => `${fixed(value)} ${interval(low, high)}`.trimEnd()
const difference = (metric: Metric): string => {
  if (metric.against === undefined) return ''
  const between = `[${fixed(metric.differenceLow)}, ${fixed(metric.differenceHigh)}]`
  return `${fixed(metric.difference)} ${between} against ${metric.against}`
}

export function writeCard(model: ModelVersion): string {
  const { lineage, slices = [], gates = [] } = model
  return [
    `# ${model.id}`,
    '',
    `${kindNamed(model.name).description}. State: ${model.state}.`,
    '',
    '## Meant for',
    'Ranking titles for viewers of the tenant it was trained for, whom it knows by pseudonym. It has learned from no',
    'child, bot or preview, and is not meant for them; viewers it has not met are served by titles watched together and',
    'by popularity.',
    '',
    '## Learned from',
    `- ${model.interactionCount} valid plays of ${model.viewerCount} viewers and ${model.titleCount} titles`,
    `- data \`${model.dataHash}\`, code \`${model.codeVersion}\`, seed ${model.seed}`,
    ...(lineage === undefined
      ? []
      : [
          `- settings \`${JSON.stringify(lineage.settings)}\`, the best of ${lineage.tries} tried`,
          `- source: ${lineage.source}; graph \`${lineage.graphHash}\`; ${lineage.runtime}`,
          `- before viewers at the time: ${lineage.champion ?? 'popularity'}`,
        ]),
    `- trained ${new Date(model.trainedAt).toISOString()} in ${(model.trainMs / 1000).toFixed(1)} s, ${model.epochs} epochs`,
    '',
    '## Measured',
    model.protocol,
    '',
    row('metric', 'value, 95 % interval', 'difference'),
    row('---', '---', '---'),
    ...model.metrics.map((metric) => row(metric.name, own(metric), difference(metric))),
    '',
    row('baseline', 'ndcg@10', 'this version above it'),
    row('---', '---', '---'),
    ...model.baselines.map(({ name, metrics, gap }) =>
      row(
        name,
        fixed(metrics[0]?.value),
        gap === undefined ? '' : `${fixed(gap.value)} [${fixed(gap.low)}, ${fixed(gap.high)}]`,
      ),
    ),
    ...(slices.length === 0
      ? []
      : [
          '',
          row('viewers', 'how many', 'ndcg@10', 'difference'),
          row('---', '---', '---', '---'),
          ...slices.map((slice) => row(slice.name, String(slice.viewers), own(slice), difference(slice))),
        ]),
    '',
    '## Gates',
    ...gates.map(({ name, passed, why }) => `- ${passed ? 'open' : '**closed**'}: ${name} (${why})`),
    '',
    '## To keep in mind',
    'Plays follow what was shown: the model learns from what earlier rankings let viewers see. Offline figures rank',
    'models; they do not say how many more plays a home will bring.',
  ].join('\n')
}
