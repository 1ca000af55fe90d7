/** Starts the web pages: theme, API client, messages, routes. */
import '@fontsource-variable/inter'
import '@mantine/core/styles.css'
import { MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { createApiClient } from './shared/client.ts'
import { router } from './shared/router.tsx'
import { cssVariables, theme } from './shared/theme.ts'
import { ToastProvider } from './shared/toast.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <Provider value={createApiClient()}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </Provider>
    </MantineProvider>
  </StrictMode>,
)
