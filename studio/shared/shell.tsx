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
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { PersonMenu } from './person-menu.tsx'
import { WorkBanner } from './work-banner.tsx'

const SECTIONS = [
  ['/studio', 'Dashboard'],
  ['/studio/titles', 'Titles'],
  ['/studio/upload', 'Upload'],
  ['/studio/models', 'Models'],
  ['/studio/status', 'Platform'],
] as const

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
            <Text component={Link} to="/" fw={700} c="var(--mantine-color-text)" td="none" visibleFrom="xs">
              StreamVerse
            </Text>
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
          {SECTIONS.map(([to, label]) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              activeOptions={{ exact: true }}
              label={label}
              active={pathname === to}
              onClick={close}
            />
          ))}
        </AppShell.Navbar>
      )}
      <AppShell.Main>
        <WorkBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}
