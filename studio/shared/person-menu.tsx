/** Steps into one of the demo people; the page starts anew, as whom is signed in changes everything on it. */
import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { gql } from '@urql/core'
import { useMutation, useQuery } from 'urql'
import { useToast } from './toast.tsx'

type Person = { id: string; name: string; role: string; about: string; avatarUrl: string }
const PEOPLE = gql<{ me: { person: Person | null }; people: Person[] }, Record<string, never>>`
  query People { me { person { id name role about avatarUrl } } people { id name role about avatarUrl } }
`
const STEP = gql<{ stepInto: { person: Person | null } }, { id: string }>`
  mutation StepInto($id: ID!) { stepInto(personId: $id) { person { id name role about avatarUrl } } }
`

export function PersonMenu() {
  const [{ data }] = useQuery({ query: PEOPLE, variables: {} })
  const [, stepInto] = useMutation(STEP)
  const show = useToast()
  const me = data?.me.person
  const become = async (id: string): Promise<void> => {
    const { error } = await stepInto({ id })
    if (error) show({ text: error.graphQLErrors[0]?.message ?? 'The platform did not answer.', failed: true })
    else globalThis.location.reload()
  }
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <UnstyledButton aria-label={me ? `You are ${me.name}. Change person` : 'Choose a person'}>
          <Avatar src={me?.avatarUrl ?? null} alt="" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to={'/my-list' as never}>
          My list
        </Menu.Item>
        <Menu.Item component={Link} to={'/history' as never}>
          History
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Look around as</Menu.Label>
        {data?.people.map((person) => (
          <Menu.Item
            key={person.id}
            aria-current={person.id === me?.id || undefined}
            leftSection={<Avatar src={person.avatarUrl} alt="" size={28} />}
            onClick={() => void become(person.id)}
          >
            {person.name}
            <Text size="xs" c="dimmed">
              {person.about}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
