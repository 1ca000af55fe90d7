import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStoryboard, writeStoryboard } from '#playback/packaging/storyboard.ts'
import { isVtt, timestamp, vttOf, writeVtt } from '#playback/packaging/vtt.ts'

test('writes times and cues, with text that would end a cue early made harmless', () => {
  assert.equal(timestamp(3_723_045.7), '01:02:03.045')
  const text = writeVtt([{ startMs: 0, endMs: 1000, text: 'one\n\ntwo --> three' }])
  assert.equal(text, 'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\none\ntwo → three\n')
  assert.ok(isVtt(text))
})

test('tells WebVTT from what is not', () => {
  assert.ok(isVtt('WEBVTT'))
  assert.ok(isVtt('\uFEFFWEBVTT - captions\r\n\r\n00:01.000 --> 00:02.000 line:0\r\nHi\r\n'))
  assert.ok(!isVtt('WEBVTTX\n'))
  assert.ok(!isVtt('1\n00:00:01,000 --> 00:00:02,000\nSubRip\n'))
  assert.ok(!isVtt('WEBVTT\n\n1 --> 2\n'))
})

test('makes WebVTT of SubRip, and of nothing else', () => {
  const srt =
    '\uFEFF1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>One</i>\r\ntwo\r\n\r\n2\r\n01:00:00,5 --> 01:00:01,000\r\nThree\r\n'
  assert.equal(
    vttOf(srt),
    'WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>One</i>\ntwo\n\n01:00:00.500 --> 01:00:01.000\nThree\n',
  )
  assert.equal(vttOf('WEBVTT\n'), 'WEBVTT\n')
  for (const other of ['', 'Dear Sir', '1\n00:00:02,000 --> 00:00:01,000\nBack\n', '1\n00:01 --> 00:02\nx'])
    assert.equal(vttOf(other), null, other)
})

test('maps each second of a short title to a tile, and never makes more than a hundred', () => {
  const board = planStoryboard(12_400, 1280, 720)
  assert.deepEqual(board, { everyMs: 1000, columns: 10, rows: 2, tileWidthPx: 160, tileHeightPx: 90 })
  const cues = writeStoryboard(board, 12_400, 'sheet.jpg').match(/xywh=.*/g) ?? []
  assert.equal(cues.length, 13)
  assert.equal(cues[11], 'xywh=160,90,160,90')
  const film = planStoryboard(7_200_000, 1080, 1920)
  assert.ok(film.columns * film.rows <= 100 && film.everyMs === 72_000)
  assert.deepEqual([film.tileWidthPx, film.tileHeightPx], [90, 160])
})
