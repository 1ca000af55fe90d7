import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { openDiskMedia } from '#storage/media/disk.ts'
import { mediaStoreSuite } from '#storage/media/media-store.suite.ts'

const root = mkdtempSync(path.join(tmpdir(), 'media-'))
let n = 0
after(() => rmSync(root, { recursive: true, force: true }))

mediaStoreSuite('disk', async () => openDiskMedia({ dir: path.join(root, `store-${n++}`) }))
