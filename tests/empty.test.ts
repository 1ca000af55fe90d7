import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startPlatform } from '#tests/browser/platform.ts'

test('an empty platform lets a creator in, who uploads a video that plays', async () => {
  const platform = await startPlatform({ args: ['--empty'] })
  try {
    let cookie = ''
    const ask = async (query: string, variables: object = {}) => {
      const response = await fetch(`${platform.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify({ query, variables }),
      })
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
      const { data, errors } = (await response.json()) as { data: never; errors?: unknown }
      assert.equal(errors, undefined, JSON.stringify(errors))
      return data as Record<string, never>
    }
    const { people } = await ask('{ people { id role } }')
    assert.deepEqual(
      (people as unknown as { role: string }[]).map(({ role }) => role),
      ['creator', 'viewer', 'dataScientist', 'operator'],
    )
    assert.deepEqual((await ask('{ home { rows { slots { position } } } }'))['home'], { rows: [] })
    await ask('mutation { stepInto(personId: "creator") { person { id } } }')
    const content = await readFile('demo/video/bigbuckbunny.mp4')
    const { createUpload: ticket } = (await ask(
      `mutation ($sizeBytes: Float!) { createUpload(input: { name: "First", fileName: "first.mp4", sizeBytes: $sizeBytes }) {
        title { id } uploadUrl uploadToken } }`,
      { sizeBytes: content.length },
    )) as unknown as {
      createUpload: { title: { id: string }; uploadUrl: string; uploadToken: string }
    }
    const sent = await fetch(new URL(ticket.uploadUrl, platform.url), {
      method: 'POST',
      body: content,
      headers: {
        authorization: `Bearer ${ticket.uploadToken}`,
        'tus-resumable': '1.0.0',
        'upload-length': String(content.length),
        'content-type': 'application/offset+octet-stream',
      },
    })
    assert.equal(sent.status, 201)
    let playable = false
    for (let i = 0; i < 1200 && !playable; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { title } = await ask('query ($id: ID!) { title(id: $id) { playable } }', { id: ticket.title.id })
      playable = (title as unknown as { playable: boolean }).playable
    }
    const { createPlaySession: session } = await ask(
      'mutation ($id: ID!) { createPlaySession(titleId: $id) { hlsUrl } }',
      { id: ticket.title.id },
    )
    const { hlsUrl } = session as unknown as { hlsUrl: string }
    assert.match(await (await fetch(new URL(hlsUrl, platform.url))).text(), /^#EXTM3U/)
  } finally {
    await platform.stop()
  }
})
