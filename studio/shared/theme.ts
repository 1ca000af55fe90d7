/** Colours and type of every page; secondary text is dark enough to read on both schemes. */
import { type CSSVariablesResolver, createTheme } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 8,
  defaultRadius: 'md',
  autoContrast: true,
  respectReducedMotion: true,
  fontFamily: '"Inter Variable", system-ui, "Segoe UI", Roboto, sans-serif',
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#5c636a', '--mantine-color-anchor': '#3b5bdb' },
  dark: { '--mantine-color-dimmed': '#a6a7ab', '--mantine-color-anchor': '#91a7ff' },
})
