/** Pages of the viewer's side. */
import type { Page } from '../shared/pages.ts'

export const viewerRoutes: readonly Page[] = [
  { path: '/', title: 'Home', load: async () => (await import('./home.tsx')).Home },
  { path: '/title/$id', title: 'Title', load: async () => (await import('./title.tsx')).TitlePage },
  { path: '/watch/$id', title: 'Watch', load: async () => (await import('./watch.tsx')).WatchPage },
  { path: '/search', title: 'Search', load: async () => (await import('./search.tsx')).SearchPage },
  { path: '/my-list', title: 'My list', load: async () => (await import('./lists.tsx')).MyList },
  { path: '/history', title: 'History', load: async () => (await import('./lists.tsx')).History },
]
