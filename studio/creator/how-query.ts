/** How a figure came about, as the API tells it, and the documents that ask for it: one for each object with figures. */
import { gql } from '@urql/core'
import type { Range } from './figures.ts'

export type Metric = {
  readonly name: string
  readonly about: string
  readonly formula: string
  readonly population: string
  readonly clock: string
  readonly nullWhen: string
  readonly source: string
}
export type Rows = {
  readonly what: string
  readonly counted: number
  readonly leftOut: readonly { readonly kind: 'bots' | 'own' | 'staff'; readonly views: number }[]
  readonly late: number
  readonly repeatedEvents: number | null
}
export type Provenance = {
  readonly metrics: readonly Metric[]
  readonly from: number
  readonly to: number
  readonly watermarkAt: number
  readonly after: string | null
  readonly again: number | null
  readonly statements: readonly { readonly runnable: string }[]
  /** Null: they could not be counted in time. */
  readonly rows: Rows | null
}

const PROVENANCE = `provenance(of: $of) { metrics { name about formula population clock nullWhen source }
  from to watermarkAt after again statements { runnable }
  rows { what counted leftOut { kind views } late repeatedEvents } }`

/** Which object is asked: the period's figures, its lists, or a report of its own. */
export type Report = 'figures' | 'lists' | 'realtime' | 'retention' | 'witnesses' | 'concurrency' | 'audience'
const RANGED = 'overview(range: $range)'
const STUDIO = 'studio(knownAt: $knownAt)'
const CHANNEL: Partial<Record<Report, readonly string[]>> = {
  figures: [STUDIO, RANGED, 'current'],
  lists: [STUDIO, RANGED],
  realtime: ['studio', 'realtime'],
  concurrency: [STUDIO, 'concurrency(range: $range)'],
  audience: [STUDIO, 'audience'],
}
const TITLE = ['title(id: $titleId)', 'analytics(range: $range, knownAt: $knownAt)']
const OF_TITLE: Partial<Record<Report, readonly string[]>> = {
  figures: [...TITLE, 'figures'],
  lists: TITLE,
  realtime: [...TITLE, 'realtime'],
  retention: [...TITLE, 'retention'],
  witnesses: [...TITLE, 'witnesses'],
  concurrency: [...TITLE, 'concurrency'],
}

export type Variables = {
  readonly range: Range
  readonly of: string | null
  readonly titleId: string | null
  readonly knownAt: number | null
}
const DECLARED: Readonly<Record<string, string>> = {
  titleId: '$titleId: ID!',
  range: '$range: Range!',
  of: '$of: String',
  knownAt: '$knownAt: Instant',
}

function documentOf(name: string, path: readonly string[]) {
  const body = path.reduceRight((inner, field) => `${field} { ${inner} }`, PROVENANCE)
  const used = Object.keys(DECLARED).filter((variable) => body.includes(`$${variable}`))
  const declared = used.map((variable) => DECLARED[variable]).join(', ')
  return {
    document: gql<object, Variables>(`query ${name}(${declared}) { ${body} }`),
    /** What is asked, in the answer. */
    find: (data: object): Provenance | undefined =>
      [...path, 'provenance'].reduce<unknown>((within, field) => {
        const key = field.split('(')[0] as string
        return (within as Record<string, unknown> | null | undefined)?.[key]
      }, data) as Provenance | undefined,
  }
}
export type Question = ReturnType<typeof documentOf>

const build = (prefix: string, paths: Partial<Record<Report, readonly string[]>>) =>
  new Map(Object.entries(paths).map(([report, path]) => [report, documentOf(`${prefix}_${report}`, path)]))
const questions = { channel: build('HowOfChannel', CHANNEL), title: build('HowOfTitle', OF_TITLE) }

export const questionOf = (titleId: string | null, report: Report): Question | undefined =>
  questions[titleId === null ? 'channel' : 'title'].get(report)
