/** What an address of media names: which piece of which rendition of a title, or one of its manifests. */

export type Place =
  | { readonly kind: 'manifest' }
  | { readonly kind: 'segment'; readonly folder: string; readonly track: string; readonly index: number }

const SEGMENT = /^(r[0-9a-f]{10})\/([A-Za-z0-9_-]{1,64})\/(\d{1,9})\.m4s$/
const MANIFEST = /(?:^|\/)[A-Za-z0-9_-]+\.(?:m3u8|mpd)$/

/** `file`: the path below the title. Null for what tells nothing of a view: pictures, captions, init segments. */
export function placeOf(file: string): Place | null {
  const segment = SEGMENT.exec(file)
  if (segment !== null) {
    const [, folder, track, index] = segment as unknown as [string, string, string, string]
    return { kind: 'segment', folder, track, index: Number(index) }
  }
  return MANIFEST.test(file) ? { kind: 'manifest' } : null
}
