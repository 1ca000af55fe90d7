/** The roles of whoever looks: what is shown follows from them; what is allowed is decided by the platform. */
import { gql } from '@urql/core'
import { useQuery } from 'urql'

const ROLES = gql<{ me: { roles: string[] } }, Record<string, never>>(`query Roles { me { roles } }`)

/** Empty while nobody knows yet. */
export function useRoles(): readonly string[] {
  const [{ data }] = useQuery({ query: ROLES, variables: {} })
  return data?.me.roles ?? []
}
