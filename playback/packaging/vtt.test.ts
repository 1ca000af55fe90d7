import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStoryboard, writeStoryboard } from '#playback/packaging/storyboard.ts'
import { isVtt, timestamp, writeVtt } from '#playback/packaging/vtt.ts'

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
