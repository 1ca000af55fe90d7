/** How a side of the site declares its pages; the router makes routes of them, each loaded when first visited. */
import type { ComponentType } from 'react'

export type Page = {
  /** Path in the router's words: `/title/$id`. */
  readonly path: string
  /** Title of the browser tab. */
  readonly title: string
  readonly load: () => Promise<ComponentType>
}
