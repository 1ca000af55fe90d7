/** The command line's report: the figures of a channel or a title over a period, now or as they were known. */
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import type { Analytics } from '#metrics/analytics.ts'
import { figureMetrics } from '#metrics/figures.ts'
import { RANGES, type RangeName, type Scope } from '#metrics/scope.ts'

export type ReportCommandPorts = Shell & {
  /** The tenant when --tenant does not say. */
  readonly tenantId: string
  /** Answers of now, or as they were known at an instant: what it takes is put away when `ask` resolves. */
  analytics<T>(
    tenantId: string,
    knownAt: number | undefined,
    ask: (analytics: Pick<Analytics, 'overview'>) => Promise<T>,
  ): Promise<T>
}

function readInstant(text: string, now: number): number {
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new TypeError(`--as-known-at takes an instant such as 2026-05-01T12:00Z, not ${text}`)
  if (at > now) throw new TypeError(`--as-known-at takes an instant that is over, not ${text}`)
  return at
}

const RANGE_WORDS: Readonly<Record<string, RangeName>> = {
  '24h': 'hours24',
  '7d': 'days7',
  '28d': 'days28',
  all: 'all',
}

function read(args: readonly string[], { tenantId }: ReportCommandPorts) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      range: { type: 'string', default: '28d' },
      tenant: { type: 'string' },
      creator: { type: 'string' },
      title: { type: 'string' },
      'as-known-at': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const range = RANGE_WORDS[values.range] ?? RANGES.find((name) => name === values.range)
  if (range === undefined)
    throw new TypeError(`--range takes ${Object.keys(RANGE_WORDS).join(', ')}, not ${values.range}`)
  const scope: Scope = {
    tenantId: values.tenant ?? tenantId,
    ...(values.creator === undefined ? {} : { creatorId: values.creator }),
    ...(values.title === undefined ? {} : { titleId: values.title }),
  }
  const known = values['as-known-at']
  return {
    scope,
    range,
    json: values.json,
    knownAt: known === undefined ? undefined : readInstant(known, Date.now()),
  }
}

const figure = (value: number | null): string =>
  value === null ? '-' : value.toLocaleString('en', { maximumFractionDigits: 2 })

const command: Command<ReportCommandPorts> = {
  usage: 'report [--range 28d] [--creator <id>] [--title <id>] [--as-known-at <when>]',
  summary: 'the figures of a period, now or as they were known then',
  help: `Prints every figure of docs/metrics.md for the period beside the period before it.

  --range <span>         24h, 7d, 28d (without it) or all, before now or before the instant
  --creator <id>         of the titles of this creator only
  --title <id>           of this title only
  --tenant <id>          whose figures; the platform's own tenant without it
  --as-known-at <when>   from what had been received before: the report as it was printed then. Every view of the
                         tenant is built again for it, a few thousand a second; nothing of it is kept.
  --json                 one JSON document instead of text`,
  run: async (args, ports) => {
    const { scope, range, json, knownAt } = read(args, ports)
    const { current, previous, series, topTitles } = await ports.analytics(
      scope.tenantId,
      knownAt,
      (analytics) => analytics.overview(scope, range),
    )
    if (json) {
      ports.print(
        JSON.stringify({ scope, range, knownAt: knownAt ?? null, current, previous, series, topTitles }),
      )
      return 0
    }
    if (knownAt !== undefined) ports.print(`As known at ${new Date(knownAt).toISOString()}\n`)
    for (const { name, unit } of figureMetrics) {
      const before = previous === null ? '' : figure(previous[name]).padStart(18)
      ports.print(`${name.padEnd(26)} ${figure(current[name]).padStart(18)} ${before}  ${unit}`)
    }
    if (topTitles.length > 0) ports.print('\nMost watched')
    for (const { titleId, views, watchTimeMs } of topTitles.slice(0, 10))
      ports.print(
        `  ${titleId.padEnd(40)} ${figure(views).padStart(10)} views ${figure(watchTimeMs / 3_600_000).padStart(12)} h`,
      )
    return 0
  },
}

export const reportCommands: Commands<ReportCommandPorts> = { report: command }
