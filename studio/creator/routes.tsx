/** Pages of the studio. */
import type { Page } from '../shared/pages.ts'

export const creatorRoutes: readonly Page[] = [
  { path: '/studio', title: 'Dashboard', load: async () => (await import('./dashboard.tsx')).Dashboard },
  { path: '/studio/titles', title: 'Titles', load: async () => (await import('./titles.tsx')).Titles },
  { path: '/studio/titles/$id', title: 'Title', load: async () => (await import('./title.tsx')).StudioTitle },
  { path: '/studio/upload', title: 'Upload', load: async () => (await import('./upload.tsx')).UploadPage },
  {
    path: '/studio/models',
    title: 'Models',
    load: async () => (await import('../models/models.tsx')).ModelsPage,
  },
  {
    path: '/studio/status',
    title: 'Platform',
    load: async () => (await import('../status/status.tsx')).StatusPage,
  },
  {
    path: '/studio/ledger',
    title: 'Ledger',
    load: async () => (await import('../operator/ledger.tsx')).LedgerPage,
  },
  {
    path: '/studio/letters',
    title: 'Dead letters',
    load: async () => (await import('../operator/letters.tsx')).LettersPage,
  },
]
