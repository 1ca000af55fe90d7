/** Pages of the creator's side. */
import type { Page } from '../shared/pages.ts'

export const creatorRoutes: readonly Page[] = [
  { path: '/studio', title: 'Dashboard', load: async () => (await import('./dashboard.tsx')).Dashboard },
  {
    path: '/studio/titles',
    title: 'Titles',
    load: async () => (await import('./titles.tsx')).Titles,
  },
  {
    path: '/studio/status',
    title: 'Platform',
    load: async () => (await import('../status/status.tsx')).StatusPage,
  },
]
