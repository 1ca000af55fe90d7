/** The frame of every page: brand, search, Watch or Studio, person and colours above; the studio's sections beside. */
import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  NavLink,
  SegmentedControl,
  Text,
  TextInput,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { PersonMenu } from './person-menu.tsx'
import { useRoles } from './use-roles.ts'
import { WorkBanner } from './work-banner.tsx'

const SECTIONS = [
  ['/studio', 'Dashboard'],
  ['/studio/titles', 'Titles'],
  ['/studio/upload', 'Upload'],
  ['/studio/models', 'Models'],
  ['/studio/status', 'Platform'],
] as const
const FOR_OPERATORS = [
  ['/studio/ledger', 'Ledger'],
  ['/studio/letters', 'Dead letters'],
] as const

function Sections({ onPick }: { readonly onPick: () => void }) {
  const { pathname } = useLocation()
  const isOperator = useRoles().includes('operator')
  return [...SECTIONS, ...(isOperator ? FOR_OPERATORS : [])].map(([to, label]) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      activeOptions={{ exact: true }}
      label={label}
      active={pathname === to}
      onClick={onPick}
    />
  ))
}

function Search() {
  const navigate = useNavigate()
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const text = new FormData(event.currentTarget).get('q')
        if (typeof text !== 'string') return
        void navigate({ href: `/search?q=${encodeURIComponent(text)}` })
      }}
    >
      <TextInput
        name="q"
        type="search"
        aria-label="Search titles"
        placeholder="Search"
        leftSection={<IconSearch size={16} />}
      />
    </form>
  )
}

/** The mark alone on phones: there is always a way home. */
function Brand() {
  return (
    <UnstyledButton component={Link} to="/" aria-label="StreamVerse">
      <Group gap="xs" wrap="nowrap">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="#4c5fd5" />
          <path d="M12 9v14l11-7z" fill="white" />
        </svg>
        <Text component="span" fw={700} visibleFrom="xs">
          StreamVerse
        </Text>
      </Group>
    </UnstyledButton>
  )
}

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const { pathname } = useLocation()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const studio = pathname.startsWith('/studio')
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened, desktop: !studio } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            {studio && (
              <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Sections" />
            )}
            <Brand />
          </Group>
          {!studio && pathname !== '/search' && (
            <search>
              <Search />
            </search>
          )}
          <Group gap="xs" wrap="nowrap">
            <SegmentedControl
              size="xs"
              aria-label="Side"
              value={studio ? '/studio' : '/'}
              onChange={(to) => void navigate({ href: to })}
              data={[
                { value: '/', label: 'Watch' },
                { value: '/studio', label: 'Studio' },
              ]}
            />
            <ActionIcon
              variant="default"
              size="lg"
              aria-label="Switch colour scheme"
              onClick={() => setColorScheme(dark ? 'light' : 'dark')}
            >
              {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
            </ActionIcon>
            <PersonMenu />
          </Group>
        </Group>
      </AppShell.Header>
      {studio && (
        <AppShell.Navbar p="xs" aria-label="Studio sections">
          <Sections onPick={close} />
        </AppShell.Navbar>
      )}
      <AppShell.Main>
        <WorkBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}
