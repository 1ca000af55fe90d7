/**
 * What a document may ask for at once: fields counted before anything runs, a list as often as its `first` says, in the
 * document or in its variables. Refused above the limit.
 */

import {
  type ExecutionArgs,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '#api/context.ts'
import { refusals } from '#api/errors.ts'

export const MAX_COST = 10_000
const SCALAR = 1
/** An object is looked up, or counted in the warehouse. */
const OBJECT = 5
/** What a list without `first` is taken to hold. */
const LIST = 10

type Asked = {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Readonly<Record<string, unknown>>
}

function numberOf(value: ValueNode | undefined, { variables }: Asked): number | null {
  if (value?.kind === Kind.INT) return Number(value.value)
  if (value?.kind !== Kind.VARIABLE) return null
  const given = variables[value.name.value]
  return typeof given === 'number' ? given : null
}

/** Costs beyond the limit are not counted to their end. */
function costOf(
  set: SelectionSetNode,
  parent: GraphQLObjectType | null,
  asked: Asked,
  paged: boolean,
): number {
  let cost = 0
  for (const selection of set.selections) {
    if (cost > MAX_COST) break
    if (selection.kind !== Kind.FIELD) {
      const part =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : asked.fragments.get(selection.name.value)
      if (part !== undefined) cost += costOf(part.selectionSet, parent, asked, paged)
      continue
    }
    if (selection.selectionSet === undefined) {
      cost += SCALAR
      continue
    }
    const field = parent?.getFields()[selection.name.value]
    const type = field === undefined ? null : getNamedType(field.type)
    const first = field?.args.find((arg) => arg.name === 'first')
    const said = selection.arguments?.find(({ name }) => name.value === 'first')?.value
    const isList = field !== undefined && isListType(getNullableType(field.type))
    const fallback = typeof first?.defaultValue === 'number' ? first.defaultValue : LIST
    // The edges of a page are as many as the page asked for.
    const times = first === undefined ? (isList && !paged ? LIST : 1) : (numberOf(said, asked) ?? fallback)
    const inner = isObjectType(type) ? type : null
    cost += OBJECT + Math.max(1, times) * costOf(selection.selectionSet, inner, asked, first !== undefined)
  }
  return cost
}

/** The cost of the operation that would run. */
export function costOfRequest({ schema, document, operationName, variableValues }: ExecutionArgs): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  const operations: OperationDefinitionNode[] = []
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
  }
  const operation = operations.find(({ name }) => operationName == null || name?.value === operationName)
  if (operation === undefined) return 0
  const root = schema.getRootType(operation.operation) ?? null
  const variables: Record<string, unknown> = {}
  for (const { variable, defaultValue } of operation.variableDefinitions ?? [])
    if (defaultValue?.kind === Kind.INT) variables[variable.name.value] = Number(defaultValue.value)
  Object.assign(variables, variableValues)
  return costOf(operation.selectionSet, root, { fragments, variables }, false)
}

function refuseCostly(args: unknown): void {
  const cost = costOfRequest(args as ExecutionArgs)
  if (cost <= MAX_COST) return
  throw new GraphQLError(`Query Cost: this asks for more than ${MAX_COST} fields at once.`, {
    extensions: { code: refusals.tooCostly.code, fix: refusals.tooCostly.fix, http: { status: 400 } },
  })
}

export const costPlugin = (): Plugin<Context> => ({
  onExecute: ({ args }) => refuseCostly(args),
  onSubscribe: ({ args }) => refuseCostly(args),
})
