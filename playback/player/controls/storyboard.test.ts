import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStoryboard } from '#playback/player/controls/storyboard.ts'

const VTT = `WEBVTT

NOTE pictures of the scrubber

00:00.000 --> 00:02.500
board.jpg#xywh=0,0,160,90

cue with a name
01:00:02.500 --> 01:00:05.000
board.jpg#xywh=160,90,160,90

00:05.000 --> 00:07.000
no picture here
`

test('cues point into the sprite beside the file, from and to their seconds', () => {
  const url = 'https://example.org/media/board.jpg'
  assert.deepEqual(parseStoryboard(VTT, 'https://example.org/media/storyboard.vtt'), [
    { from: 0, to: 2.5, url, x: 0, y: 0, width: 160, height: 90 },
    { from: 3602.5, to: 3605, url, x: 160, y: 90, width: 160, height: 90 },
  ])
})

test('line ends of any kind are read, and what is no storyboard holds no cues', () => {
  assert.equal(parseStoryboard(VTT.replaceAll('\n', '\r\n'), 'https://example.org/a.vtt').length, 2)
  assert.deepEqual(parseStoryboard('<html>', 'https://example.org/a.vtt'), [])
})
