/**
 * What SQL the sandbox runs: one SELECT over its own tables. The engine's own parser reads the statement, and what it read
 * is walked node by node; a node, function or name that is not known to be harmless is refused. What runs is the text as
 * the parser wrote it down again, so that nothing is read in two ways.
 */
import { Refusal } from '#base/refusal.ts'
import type { AllowedFunctions } from '#storage/sandbox/allowed-functions.ts'
import { refusals } from '#storage/sandbox/errors.ts'
import { sql } from '#storage/warehouse/warehouse.ts'

/** Asks the engine one statement of ours, for the text of its answer. */
export type AskText = (statement: string) => string

const NODES = new Set([
  'ArrayJoin',
  'Asterisk',
  'ColumnsExceptTransformer',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'ColumnsTransformerList',
  'ExpressionList',
  'Function',
  'Identifier',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'QualifiedColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'SampleRatio',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'SelectWithUnionQuery',
  'Subquery',
  'TableExpression',
  'TableIdentifier',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
])
const SETTINGS_NODE = 'Set'
/** The name space the tables are in; no other may be named. */
const OWN_DATABASE = 'default'
/** Name spaces of the engine: no column is called by them. */
const FOREIGN = /^(system|information_schema)(\.|$)/i

export const quoteText = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const refuse = (message: string): never => {
  throw new Refusal(refusals.notAllowed, message)
}

/** The statement to run. Refuses what may not be run, and throws the engine's error for what it cannot read. */
export function checkedSql(text: string, functions: AllowedFunctions, ask: AskText): string {
  const read = (statement: string): string =>
    ask(sql`SELECT formatQuerySingleLine(${quoteText(statement)})`).trim()
  if (text.trim() === '') throw new Refusal(refusals.wrong, 'There is no statement.')
  const written = read(text)
  if (read(written) !== written) refuse('The statement cannot be read without doubt.')
  if (/^SHOW TABLES$/.test(written)) return written
  if (/^DESCRIBE TABLE (`?)\w+\1$/.test(written)) return written
  if (!/^(SELECT|WITH|\()/.test(written)) refuse(`Only SELECT can be asked, not ${firstWords(written)}.`)
  const bare = withoutQuoted(written)
  if (/\bINTO\s+OUTFILE\b/i.test(bare)) refuse('An answer cannot be written into a file.')
  if (/\bFORMAT\b/i.test(bare)) refuse('FORMAT is not said in the statement but beside it.')
  if (/\bPARALLEL\s+WITH\b/i.test(bare)) refuse('One statement at a time.')
  // Nothing that stands behind a whole statement (INTO OUTFILE, FORMAT) can be read inside parentheses.
  const inside = sql`SELECT * FROM (${written})`
  try {
    read(inside)
  } catch {
    // The statement alone could be read a moment ago.
    refuse('The statement is more than one SELECT.')
  }
  for (const problem of problemsOf(ask(`EXPLAIN AST ${inside}`), functions)) refuse(problem)
  return written
}

const firstWords = (text: string): string => text.split(/\s+/, 2).join(' ').slice(0, 40)

/** Without strings and quoted names, as the engine writes them: each quote inside is escaped. */
const withoutQuoted = (written: string): string =>
  written.replace(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/gs, "''")

/**
 * What is wrong with a tree as EXPLAIN AST prints it: a line a node, a space deeper for each level. Names that hold
 * line ends are no nodes, and refused with them.
 */
export function* problemsOf(tree: string, functions: AllowedFunctions): Generator<string> {
  let above = ''
  for (const line of tree.replace(/\n$/, '').split('\n')) {
    const node = /^ *([A-Za-z:]+)(?: (.*))?$/s.exec(line)
    const [, kind = '', rest = ''] = node ?? []
    if (node === null || (!NODES.has(kind) && kind !== SETTINGS_NODE)) {
      yield `${(kind || line.trim()).slice(0, 60)} cannot be used here.`
    }
    if (kind === SETTINGS_NODE) yield 'Settings cannot be changed: leave SETTINGS out.'
    const name = rest.replace(/ \(alias .*$/s, '').replace(/ \(children \d+\)$/, '')
    if (kind === 'TableIdentifier' && !OWN_TABLE.test(name)) {
      yield `There is no table ${name.slice(0, 60)} here: SHOW TABLES lists those there are.`
    }
    if (kind === 'Identifier' && FOREIGN.test(name)) yield `${name.slice(0, 60)} cannot be read here.`
    if (kind === 'Function') {
      const isTable = above === 'TableExpression'
      if (isTable && !functions.asTable(name)) yield `${name.slice(0, 60)}() is no table here.`
      if (!isTable && !functions.inRows(name)) yield `The function ${name.slice(0, 60)} cannot be used here.`
    }
    above = kind
  }
}

/** Plain names only: the engine takes any other for a path, and tells by its refusal whether there is such a file. */
const OWN_TABLE = new RegExp(`^(?:(?:${OWN_DATABASE}|\`${OWN_DATABASE}\`)\\.)?(?:[\\w ]+|\`[\\w ]+\`)$`)
