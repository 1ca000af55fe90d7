/** Uploads for tests: a video sent as the studio sends it, without its page, and an audio-only file made of a video. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '#tests/browser/browser.ts'
import type { Client } from '#tests/browser/platform.ts'

const ROOT = path.join(import.meta.dirname, '../..')
export const VIDEOS = path.join(ROOT, 'demo/video')

/** The packager that npm brought, run in `cwd`. */
export async function runPackager(args: readonly string[], cwd: string): Promise<void> {
  const system = { linux: 'linux', darwin: 'osx' }[process.platform as 'linux' | 'darwin']
  const packager = path.join(ROOT, `node_modules/shaka-packager/bin/packager-${system}-${process.arch}`)
  await promisify(execFile)(packager, [...args], { cwd })
}

/** An MP4 with the sound of the demo's short video and no picture. */
export async function makeAudioOnly(file: string): Promise<void> {
  const source = path.join(VIDEOS, 'bigbuckbunny.mp4')
  await runPackager([`in=${source},stream=audio,output=${path.basename(file)}`], path.dirname(file))
}

type Ticket = { createUpload: { title: { id: string }; uploadUrl: string; uploadToken: string } }

/** A new title of the creator that plays; resolves with its id. Nobody but the test knows of it. */
export async function uploadTitle(creator: Client, name: string, file: string): Promise<string> {
  const body = await readFile(file)
  const { createUpload } = await creator.ask<Ticket>(
    `mutation($input: CreateUploadInput!) { createUpload(input: $input) { title { id } uploadUrl uploadToken } }`,
    { input: { name, fileName: path.basename(file), sizeBytes: body.length } },
  )
  const titleId = createUpload.title.id
  const headers = { 'tus-resumable': '1.0.0', authorization: `Bearer ${createUpload.uploadToken}` }
  const target = new URL(createUpload.uploadUrl, creator.url)
  const made = await fetch(target, {
    method: 'POST',
    headers: { ...headers, 'upload-length': String(body.length) },
  })
  assert.equal(made.status, 201)
  const sent = await fetch(new URL(String(made.headers.get('location')), target), {
    method: 'PATCH',
    headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body,
  })
  assert.equal(sent.status, 204)
  await eventually(
    () => creator.ask<{ title: { playable: boolean } }>(`{ title(id: "${titleId}") { playable } }`),
    ({ title }) => title.playable,
    // It waits for its turn behind the demo's clips.
    240_000,
  )
  return titleId
}
