/** A query's answer as a page sees it: a skeleton while it loads, a way on when it fails, else its content. */
import type { ReactNode } from 'react'
import { type AnyVariables, type DocumentInput, useQuery } from 'urql'
import { Failed, Loading } from './empty.tsx'

type QueryProps<Data, Variables extends AnyVariables> = {
  readonly query: DocumentInput<Data, Variables>
  readonly variables: Variables
  readonly children: (data: Data, again: () => void) => ReactNode
}

export function Query<Data, Variables extends AnyVariables>({
  query,
  variables,
  children,
}: QueryProps<Data, Variables>) {
  const [{ data, error }, refetch] = useQuery<Data, Variables>({ query, variables } as never)
  const again = (): void => refetch({ requestPolicy: 'network-only' })
  if (data) return <>{children(data, again)}</>
  if (error)
    return (
      <Failed message={error.graphQLErrors[0]?.message ?? 'The platform did not answer.'} retry={again} />
    )
  return <Loading />
}
