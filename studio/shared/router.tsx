/** All routes under the one shell. A side's pages are found by its routes file; pages load when first visited. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { creatorRoutes } from '../creator/routes.tsx'
import { Empty, Failed, Loading } from './empty.tsx'
import type { Page } from './pages.ts'
import { Shell } from './shell.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Empty title="There is no such page">The address may be old or mistyped.</Empty>,
})

const viewer = import.meta.glob<{ viewerRoutes: readonly Page[] }>('../viewer/routes.tsx', { eager: true })
const pages = [...Object.values(viewer).flatMap(({ viewerRoutes }) => viewerRoutes), ...creatorRoutes]

const routes = pages.map(({ path, title, load }) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(async () => ({ default: await load() })),
    onEnter: () => {
      document.title = `${title} · StreamVerse`
    },
  }),
)

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error, reset }) => (
    <Failed message={error instanceof Error ? error.message : 'Unknown failure.'} retry={reset} />
  ),
})
