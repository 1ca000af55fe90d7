/** The evaluation of a version as one page that needs nothing else: to look at, to print, to pass on. */
import type { Evaluation, Metric } from '#models/evaluate/evaluate.ts'
import type { Gate } from '#models/gates.ts'
import { drawForest, escapeHtml, type Whisker } from '#models/report/forest.ts'
import type { ModelVersion } from '#models/version.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --page: #fcfcfd; --card: #fff;
  --good: #0d7a6b; --bad: #c6352e; --open: #946800; --mark: #3358d4 }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #a5abb5; --line: #363a3f; --page: #111113;
  --card: #18191b; --good: #3fc7ae; --bad: #ff8b84; --open: #e2b33c; --mark: #9eb1ff } }
* { box-sizing: border-box } body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif } main { max-width: 860px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0 } h2 { font-size: 17px; margin: 0 0 12px } p, dl { color: var(--soft); margin: 4px 0 }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin-top: 20px;
  overflow-x: auto } svg { width: 100%; min-width: 560px; height: auto; display: block; font-size: 13px }
text { fill: var(--ink) } .note, .figures { fill: var(--soft); font-size: 12px } .axis { stroke: var(--line) }
.row line { stroke: var(--mark); stroke-width: 3; stroke-linecap: round } .row circle { fill: var(--mark) }
.good line { stroke: var(--good) } .good circle { fill: var(--good) } .bad line { stroke: var(--bad) }
.bad circle { fill: var(--bad) } .open line { stroke: var(--open) } .open circle { fill: var(--open) }
ul { list-style: none; margin: 0; padding: 0 } li { padding: 6px 0 } b.good { color: var(--good) }
b.bad { color: var(--bad) } dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px }
dt { color: var(--ink) } dd { margin: 0; overflow-wrap: anywhere } .big { font-size: 20px; color: var(--ink) }`

const whiskerOf = ({ name, value, low, high }: Metric): Whisker => ({ label: name, value, low, high })
const section = (title: string, ...content: readonly string[]): string =>
  `<section><h2>${escapeHtml(title)}</h2>${content.join('\n')}</section>`
const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`

/** `since`: the same version on plays that came after it, where there are enough. */
export function writeReport(model: ModelVersion, since: Evaluation | null): string {
  const gates = model.gates ?? []
  const [plays, viewers, titles] = [model.interactionCount, model.viewerCount, model.titleCount].map(count)
  const trained = new Date(model.trainedAt).toUTCString()
  const later =
    since === null
      ? section('On plays since', paragraph('Too few viewers have played since it was trained.'))
      : evaluationSections(`On plays since, ${count(since.judgedViewers)} viewers`, since)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(model.id)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(model.id)}</h1>
${paragraph(`Trained ${trained} on ${plays} plays of ${viewers} viewers and ${titles} titles.`)}
<p class="big">${escapeHtml(verdictOf(model, gates))}</p>
${gates.length === 0 ? '' : section('Gates', `<ul>${gates.map(gateLine).join('')}</ul>`)}
${evaluationSections('When trained', model)}
${later}
${section('How it was measured', paragraph(model.protocol))}
${section('What it came of', lineageList(model))}
</main></body></html>
`
}

const count = (n: number): string => n.toLocaleString('en')

function verdictOf({ metrics }: ModelVersion, gates: readonly Gate[]): string {
  const [ndcg] = metrics
  if (ndcg?.against === undefined) return ''
  const { difference = 0, differenceLow = 0, differenceHigh = 0, against } = ndcg
  const base = ndcg.value - difference
  const share = base > 0 ? ` (${difference >= 0 ? '+' : ''}${Math.round((100 * difference) / base)} %)` : ''
  const words =
    differenceLow > 0
      ? `Surely better than ${against}${share}`
      : differenceHigh < 0
        ? `Surely worse than ${against}${share}`
        : `Not surely apart from ${against}${share}`
  const closed = gates.filter(({ passed }) => !passed).length
  if (gates.length === 0) return `${words}.`
  return `${words}; ${closed === 0 ? 'every gate is open' : `${closed} of ${gates.length} gates closed`}.`
}

const gateLine = ({ name, passed, why }: Gate): string =>
  `<li><b class="${passed ? 'good' : 'bad'}">${passed ? 'open' : 'closed'}</b> ${escapeHtml(name)}
<p>${escapeHtml(why)}</p></li>`

function evaluationSections(
  title: string,
  {
    metrics,
    baselines,
    slices = [],
  }: Pick<Evaluation, 'metrics' | 'baselines'> & {
    readonly slices?: Evaluation['slices']
  },
): string {
  const isShare = ({ name }: Metric): boolean => !/^(novelty|miscalibration)/.test(name)
  const gaps = baselines.flatMap(({ name, gap }) => (gap === undefined ? [] : [{ label: name, ...gap }]))
  const ofSlices = slices.map(({ viewers, ...slice }) => ({
    ...whiskerOf(slice),
    note: `${count(viewers)} viewers`,
  }))
  return [
    section(
      title,
      drawForest(metrics.filter(isShare).map(whiskerOf), { title: 'Metrics with 95 % intervals' }),
      ...metrics
        .filter((metric) => !isShare(metric))
        .map(({ name, value }) => paragraph(`${name} ${value.toFixed(3)}`)),
    ),
    gaps.length === 0
      ? ''
      : section(
          `${title}: ndcg@10 above each baseline`,
          drawForest(gaps, { title: 'Paired differences with 95 % intervals', zero: true }),
          paragraph('Right of the line this version is better; an interval that crosses it decides nothing.'),
        ),
    ofSlices.length === 0
      ? ''
      : section(
          `${title}: ndcg@10 by group of viewers`,
          drawForest(ofSlices, { title: 'Groups of viewers with 95 % intervals' }),
        ),
  ].join('\n')
}

function lineageList({ dataHash, codeVersion, seed, epochs, trainMs, lineage }: ModelVersion): string {
  const facts: Readonly<Record<string, string>> = {
    data: dataHash,
    code: codeVersion,
    seed: String(seed),
    epochs: String(epochs),
    time: `${(trainMs / 1000).toFixed(1)} s`,
    ...(lineage === undefined
      ? {}
      : {
          settings: JSON.stringify(lineage.settings),
          'settings tried': String(lineage.tries),
          graph: lineage.graphHash,
          source: lineage.source,
          'champion then': lineage.champion ?? 'popularity',
          runtime: lineage.runtime,
        }),
  }
  const lines = Object.entries(facts).map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`)
  return `<dl>${lines.join('')}</dl>`
}
