/**
 * Functions a statement in the sandbox may call: the engine's own list, by kind. Kinds that reach beyond the rows (files,
 * dictionaries, the server, other processes, models) are left out, and so is every kind that has come since.
 */
export type EngineFunction = {
  readonly name: string
  readonly isAggregate: 0 | 1
  readonly categories: string
  readonly aliasTo: string
}

const KINDS = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Financial',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
])
/** Of the kind "Other" and the like, and words of the language that the engine's list does not hold. */
const ALSO = `
  bar identity materialize ignore transform throwIf toTypeName toColumnTypeName runningDifference
  runningAccumulate neighbor rowNumberInAllBlocks finalizeAggregation formatReadableSize
  formatReadableQuantity formatReadableTimeDelta formatReadableDecimalSize isConstant parseTimeDelta
  parseReadableSize minSampleSizeConversion minSampleSizeContinuous caseWithExpression caseWithExpr
  caseWithoutExpression caseWithoutExpr lambda exists grouping count byteSize defaultValueOfTypeName
`
  .trim()
  .split(/\s+/)
/** Of kinds that are allowed: one asks the engine anew, the others write formats, load models or tell of the machine. */
const NEVER = [
  'chdb',
  'formatrow',
  'formatrownonewline',
  'naivebayesngrams',
  'servertimezone',
  'server_time_zone',
]
const TABLE_FUNCTIONS = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generate_series',
  'generateseries',
  'values',
])

export type AllowedFunctions = {
  inRows(name: string): boolean
  asTable(name: string): boolean
}

export function allowedFunctions(
  functions: readonly EngineFunction[],
  combinators: readonly string[],
): AllowedFunctions {
  const kindOf = new Map(functions.map(({ name, categories }) => [name.toLowerCase(), categories]))
  const isOfKind = ({ name, categories, aliasTo }: EngineFunction): boolean =>
    KINDS.has(categories) ||
    (aliasTo !== '' && KINDS.has(kindOf.get(aliasTo.toLowerCase()) ?? '')) ||
    ALSO.includes(name)
  const lower = (list: readonly EngineFunction[]): string[] => list.map(({ name }) => name.toLowerCase())
  const aggregates = new Set(lower(functions.filter(({ isAggregate }) => isAggregate === 1)))
  const plain = functions.filter(({ isAggregate }) => isAggregate === 0)
  const allowed = new Set([...lower(plain.filter(isOfKind)), ...ALSO.map((name) => name.toLowerCase())])
  // Names that differ by case alone are one name here, and the stricter word counts.
  for (const name of lower(plain.filter((one) => !isOfKind(one)))) allowed.delete(name)
  for (const name of NEVER) allowed.delete(name)
  const endings = combinators.map((one) => one.toLowerCase())
  const isAggregate = (name: string): boolean =>
    aggregates.has(name) ||
    endings.some((ending) => name.endsWith(ending) && isAggregate(name.slice(0, -ending.length)))
  return {
    inRows: (name) => allowed.has(name.toLowerCase()) || isAggregate(name.toLowerCase()),
    asTable: (name) => TABLE_FUNCTIONS.has(name.toLowerCase()),
  }
}
