/** The model card of a version (after Mitchell et al. 2019), as Markdown. */
import type { Metric } from '#models/evaluate/evaluate.ts'
import { kindNamed } from '#models/kinds.ts'
import type { ModelVersion } from '#models/version.ts'

const n4 = (n: number | undefined): string => (n === undefined ? '' : n.toFixed(4))
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const interval = ({ value, low, high }: Metric): string =>
  low === high ? n4(value) : `${n4(value)} [${n4(low)}, ${n4(high)}]`
const difference = (metric: Metric): string =>
  metric.against === undefined
    ? ''
    : `${n4(metric.difference)} [${n4(metric.differenceLow)}, ${n4(metric.differenceHigh)}] against ${metric.against}`

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
    ...model.metrics.map((metric) => row(metric.name, interval(metric), difference(metric))),
    '',
    row('baseline', 'ndcg@10', 'this version above it'),
    row('---', '---', '---'),
    ...model.baselines.map(({ name, metrics, gap }) =>
      row(
        name,
        n4(metrics[0]?.value),
        gap === undefined ? '' : `${n4(gap.value)} [${n4(gap.low)}, ${n4(gap.high)}]`,
      ),
    ),
    ...(slices.length === 0
      ? []
      : [
          '',
          row('viewers', 'how many', 'ndcg@10', 'difference'),
          row('---', '---', '---', '---'),
          ...slices.map((slice) =>
            row(slice.name, String(slice.viewers), interval(slice), difference(slice)),
          ),
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
