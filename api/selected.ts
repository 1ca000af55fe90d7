/** What a resolver's object is asked for, so that it is read and nothing else. */
import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql'

export type SelectionInfo = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>

/** Names of the fields selected on the object, those of fragments too, and those that a directive may yet leave out. */
export function selectedFields({ fieldNodes, fragments }: SelectionInfo): ReadonlySet<string> {
  const names = new Set<string>()
  const gather = (selection: SelectionSetNode | undefined): void => {
    for (const one of selection?.selections ?? []) {
      if (one.kind === 'Field') names.add(one.name.value)
      else if (one.kind === 'InlineFragment') gather(one.selectionSet)
      else gather(fragments[one.name.value]?.selectionSet)
    }
  }
  for (const { selectionSet } of fieldNodes) gather(selectionSet)
  return names
}
