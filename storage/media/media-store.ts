/**
 * The media store: segments, playlists, posters, model files; by path-like key. Disk embedded, S3 at size.
 * A key is visible only when its whole content is there.
 */
import type { Readable } from 'node:stream'

export type MediaObject = { readonly sizeBytes: number; readonly modifiedAt: number; readonly etag: string }

export type MediaStore = {
  /** Puts bytes or a stream; replaces atomically. Keys: segments of `[A-Za-z0-9._-]` joined by `/`, no `..`. */
  put(key: string, content: Uint8Array | Readable): Promise<void>
  /** Moves a finished local file in (rename on disk, upload on S3). */
  putFile(key: string, path: string): Promise<void>
  head(key: string): Promise<MediaObject | null>
  /** The bytes from `start` to `end` inclusive; whole without. Rejects with SV_MEDIA_MISSING. */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>
  bytes(key: string): Promise<Uint8Array>
  list(prefix: string): Promise<string[]>
  /** Removes everything under the prefix; nothing there is fine. */
  deletePrefix(prefix: string): Promise<void>
  close(): Promise<void>
}
