/** Colours and type of every page; secondary text and errors can be read on both schemes. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

/** From text to the deepest ground: greys with a little of the brand's blue. */
const dark: MantineColorsTuple = [
  '#d3d6e0',
  '#b1b6c4',
  '#8d93a5',
  '#646a7d',
  '#3f4558',
  '#343a4b',
  '#282d3b',
  '#1b1f2a',
  '#151821',
  '#0f1118',
]

/** What lies over a page: its button can be named by a screen reader, its head is no second banner. */
const OVERLAY = {
  defaultProps: {
    closeButtonProps: { 'aria-label': 'Close' },
    attributes: { header: { role: 'presentation' } },
  },
}

export const theme = createTheme({
  colors: { dark },
  primaryColor: 'indigo',
  primaryShade: 8,
  defaultRadius: 'md',
  autoContrast: true,
  respectReducedMotion: true,
  components: { Modal: OVERLAY, Drawer: OVERLAY },
  fontFamily: '"Inter Variable", system-ui, "Segoe UI", Roboto, sans-serif',
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-anchor': '#3b5bdb',
    '--mantine-color-error': '#c92a2a',
  },
  dark: {
    '--mantine-color-dimmed': '#a6a7ab',
    '--mantine-color-anchor': '#91a7ff',
    '--mantine-color-error': '#ff8787',
  },
})
