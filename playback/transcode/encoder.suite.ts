/** What every encoder promises, as tests. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { BUNNY, TRAILER } from '#playback/opened.suite.ts'
import { writeVtt } from '#playback/packaging/vtt.ts'
import { muxCaptioned } from '#playback/transcode/captioned.suite.ts'
import { EncodeError } from '#playback/transcode/driver.ts'
import type { Encoder } from '#playback/transcode/encoder.ts'
import type { VideoTask } from '#playback/transcode/task.ts'

const blameSource = (error: unknown): boolean => error instanceof EncodeError && error.fault === 'source'

export function encoderSuite(name: string, open: () => Promise<Encoder>, skip: string | false = false): void {
  suite(`encoder: ${name}`, { skip }, () => {
    let encoder: Encoder
    let dir: string
    before(async () => {
      dir = await mkdtemp(path.join(os.tmpdir(), 'encoder-'))
      encoder = await open()
    })
    after(() => rm(dir, { recursive: true, force: true }))
    const at = (file: string): string => path.join(dir, file)
    const video = (target: string, changes: Partial<VideoTask> = {}): VideoTask => ({
      kind: 'video',
      source: BUNNY,
      target,
      widthPx: 426,
      heightPx: 240,
      aspect: { num: 16, den: 9 },
      turnDegrees: 0,
      frameRate: { num: 25, den: 1 },
      gopFrames: 50,
      maxKbps: 380,
      codec: encoder.codec,
      ...changes,
    })

    test('encodes a rung: its size, its shape, a keyframe every two seconds, below its bitrate', async () => {
      const frames: number[] = []
      await encoder.perform(video(at('v.mp4')), { onFrames: (done) => frames.push(done) })
      const { video: made } = await encoder.probe(at('v.mp4'))
      assert.ok(made)
      assert.deepEqual([made.codec, made.pixelFormat], ['h264', 'yuv420p'])
      assert.deepEqual([made.widthPx, made.heightPx, made.frames], [426, 240, 132])
      assert.equal(((426 / 240) * made.pixelAspect.num) / made.pixelAspect.den, 16 / 9)
      assert.deepEqual([made.keyframeCount, made.longestGopMs], [3, 2000])
      assert.ok(made.kbps < 400, `${made.kbps} kbit/s`)
      assert.ok(frames.length > 0 && frames.every((done) => done <= 132))
    })

    test('turns a picture upright', async () => {
      const turned = { widthPx: 180, heightPx: 320, aspect: { num: 9, den: 16 }, turnDegrees: 90 } as const
      await encoder.perform(video(at('turned.mp4'), turned))
      const { video: made } = await encoder.probe(at('turned.mp4'))
      assert.deepEqual([made?.widthPx, made?.heightPx, made?.turnDegrees], [180, 320, 0])
    })

    test('makes stereo AAC of whatever sound there is', async () => {
      await encoder.perform({ kind: 'audio', source: BUNNY, target: at('a.mp4'), kbps: 128 })
      const { audio, video: none, statedMs } = await encoder.probe(at('a.mp4'))
      assert.equal(none, null)
      assert.deepEqual([audio?.codec, audio?.channels, audio?.sampleRate], ['aac', 2, 48_000])
      assert.ok(Math.abs(statedMs - 5312) < 60, `${statedMs} ms`)
    })

    test('copies one stream bit for bit', async () => {
      const source = (await encoder.probe(BUNNY)).video
      await encoder.perform({ kind: 'copy', source: BUNNY, target: at('copy.mp4'), stream: 'video' })
      const copy = await encoder.probe(at('copy.mp4'))
      assert.equal(copy.audio, null)
      assert.deepEqual(
        [copy.video?.frames, copy.video?.kbps, copy.video?.lastMs],
        [source?.frames, source?.kbps, source?.lastMs],
      )
    })

    test('cuts from the keyframe before the start', async () => {
      await encoder.cut({ source: TRAILER, target: at('cut.mp4'), startMs: 36_700, durationMs: 3000 })
      const cut = await encoder.probe(at('cut.mp4'))
      assert.ok(cut.audio !== null && cut.video !== null)
      assert.ok(Math.abs(cut.video.lastMs - cut.video.firstMs - 3000) < 110, JSON.stringify(cut.video))
      assert.ok(cut.video.keyframeCount >= 1)
    })

    test('draws stills and a sheet', async () => {
      await encoder.perform({
        kind: 'stills',
        source: BUNNY,
        target: at('stills'),
        count: 4,
        durationMs: 5280,
        widthPx: 320,
        heightPx: 180,
        turnDegrees: 0,
        keyframesOnly: false,
      })
      assert.deepEqual((await readdir(at('stills'))).sort(), ['1.jpg', '2.jpg', '3.jpg', '4.jpg'])
      await encoder.perform({
        kind: 'sheet',
        source: BUNNY,
        target: at('sheet.jpg'),
        everyMs: 1000,
        columns: 6,
        rows: 1,
        tileWidthPx: 160,
        tileHeightPx: 90,
      })
      const sheet = await readFile(at('sheet.jpg'))
      assert.equal(sheet.readUInt16BE(0), 0xffd8)
      assert.ok((await stat(at('sheet.jpg'))).size > 5000)
    })

    test('reads a text track of MP4 as WebVTT, with its language and times', async () => {
      const cues = [
        { startMs: 500, endMs: 1500, text: 'A yawn.\nThen another.' },
        { startMs: 2000, endMs: 3250, text: 'Käse & “Ruhe”' },
      ]
      await muxCaptioned(BUNNY, at('captioned.mp4'), 'deu', cues)
      const [track] = (await encoder.probe(at('captioned.mp4'))).texts
      assert.deepEqual([track?.codec, track?.language], ['mov_text', 'deu'])
      const { streamIndex = -1, codec = '' } = track ?? {}
      await encoder.text({ source: at('captioned.mp4'), target: at('c.vtt'), streamIndex, codec })
      assert.equal(await readFile(at('c.vtt'), 'utf8'), writeVtt(cues))
    })

    test('blames the source for what cannot be read, and opens nothing it names', async () => {
      await writeFile(at('text.mp4'), 'no video at all '.repeat(100))
      await assert.rejects(encoder.probe(at('text.mp4')), blameSource)
      await assert.rejects(encoder.perform(video(at('x.mp4'), { source: at('text.mp4') })), blameSource)
      await writeFile(at('list.mp4'), `ffconcat version 1.0\nfile '${BUNNY}'\n`)
      await assert.rejects(encoder.perform(video(at('x.mp4'), { source: at('list.mp4') })), blameSource)
    })

    test('stops at once when told to', async () => {
      const stop = new AbortController()
      const began = encoder.perform(video(at('never.mp4'), { source: TRAILER }), {
        signal: stop.signal,
        onFrames: () => stop.abort(new Error('stopped')),
      })
      await assert.rejects(began, /stopped/)
    })
  })
}
