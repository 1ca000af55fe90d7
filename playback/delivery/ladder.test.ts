import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StoredEvent } from '#events/define.ts'
import { BUNNY, type Opened, openForTest } from '#playback/opened.suite.ts'

let opened: Opened
before(async () => {
  opened = await openForTest()
  await opened.playback.importFile('acme', 'bunny', BUNNY)
  await opened.playback.idle()
})
after(() => opened?.close())

const text = async (file: string): Promise<string> => (await fetch(new URL(file, opened.url))).text()
const ofDelivery = (said: readonly StoredEvent[]) =>
  said.filter(({ type }) => type === 'delivery.segment.served')

test('what a real ladder serves is known by rendition and place: together the whole title, once a rendition', async () => {
  const home = '/media/acme/bunny'
  const playlists = (await text(`${home}/master.m3u8`)).match(/^r.*m3u8$/gm) ?? []
  assert.ok(playlists.length >= 2)
  for (const playlist of playlists) {
    const folder = playlist.slice(0, playlist.lastIndexOf('/'))
    for (const file of (await text(`${home}/${playlist}`)).match(/^\d+\.m4s$/gm) ?? []) {
      const headers = { 'cmcd-session': `sid="view of ${folder.split('/')[1]}"` }
      const answer = await fetch(new URL(`${home}/${folder}/${file}`, opened.url), { headers })
      assert.equal((await answer.arrayBuffer()).byteLength, Number(answer.headers.get('content-length')))
    }
  }
  await opened.playback.deliveriesSaid()
  const events = ofDelivery(opened.said)
  const durationMs = (await opened.playback.sourcesFor('acme', 'bunny'))?.durationMs ?? 0
  assert.ok(durationMs > 5000)
  for (const playlist of playlists) {
    const track = playlist.split('/')[1] as string
    const pieces = events.filter((event) => event['sid'] === `view of ${track}`)
    assert.ok(pieces.length >= 1, track)
    let at = 0
    for (const piece of pieces) {
      assert.deepEqual([piece['track'], piece['whole'], piece['mediaKind']], [track, true, 'video'])
      assert.equal(`v${String(piece['heightPx'])}`, track)
      assert.equal(piece['startMs'], at)
      at = Number(piece['endMs'])
    }
    assert.ok(Math.abs(at - durationMs) < 150, `${track} ends at ${at} of ${durationMs}`)
  }
})

test('what was delivered last is said before playback closes, and counted', async () => {
  const before = ofDelivery(opened.said).length
  const { noted } = opened.playback.deliveries()
  const { dashUrl } = (await opened.playback.sourcesFor('acme', 'bunny')) ?? assert.fail()
  await text(dashUrl)
  const [playlist = ''] = (await text('/media/acme/bunny/master.m3u8')).match(/^r.*m3u8$/gm) ?? []
  await text(`/media/acme/bunny/${playlist}`)
  await text(`/media/acme/bunny/${playlist.replace('index.m3u8', '1.m4s')}`)
  // Answers that the client has are over for the server a moment later.
  while (opened.playback.deliveries().noted < noted + 4)
    await new Promise((resolve) => setTimeout(resolve, 10))
  await opened.restart()
  assert.equal(ofDelivery(opened.said).length, before + 1)
  assert.equal(opened.said.filter(({ type }) => type === 'delivery.manifest.served').length >= 3, true)
  assert.deepEqual(opened.playback.deliveries(), { noted: 0, said: 0, dropped: 0 })
})
