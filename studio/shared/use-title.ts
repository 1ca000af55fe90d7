/** Names the browser tab after what the page shows. */
import { useEffect } from 'react'

export function useTitle(name: string | null | undefined): void {
  useEffect(() => {
    if (name != null && name !== '') document.title = `${name} · StreamVerse`
  }, [name])
}
