import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planLadder } from '#playback/transcode/ladder.ts'
import type { Probed, ProbedVideo } from '#playback/transcode/task.ts'

const picture: ProbedVideo = {
  codec: 'h264',
  profile: 100,
  pixelFormat: 'yuv420p',
  widthPx: 1920,
  heightPx: 1080,
  pixelAspect: { num: 1, den: 1 },
  turnDegrees: 0,
  frameRate: { num: 25, den: 1 },
  steady: true,
  kbps: 5000,
  frames: 1000,
  statedMs: 40_000,
  firstMs: 0,
  lastMs: 40_000,
  keyframeCount: 20,
  longestGopMs: 2000,
}
const sound = { codec: 'aac', profile: 1, channels: 2, sampleRate: 48_000, kbps: 128 }
const probed = (video: ProbedVideo, audio: Probed['audio'] = sound): Probed => ({
  container: 'mov',
  statedMs: 40_000,
  sizeBytes: 1,
  video,
  audio,
  texts: [],
})
const plan = (changes: Partial<ProbedVideo>, audio: Probed['audio'] = sound) => {
  const video = { ...picture, ...changes }
  return planLadder(probed(video, audio), video)
}
const names = (changes: Partial<ProbedVideo>): string[] => plan(changes).rungs.map((rung) => rung.name)

test('copies a source that streams as it is, first of all, and adds what is smaller', () => {
  const { rungs } = plan({})
  assert.deepEqual([rungs[0]?.copied, rungs[0]?.name], [true, 'v1080'])
  assert.deepEqual(
    rungs.slice(1).map(({ name, copied }) => [name, copied]),
    [720, 480, 360, 240].map((side) => [`v${side}`, false]),
  )
})

test('encodes all of a source that does not, a small rung first', () => {
  assert.deepEqual(names({ codec: 'hevc' }), ['v360', 'v1080', 'v720', 'v480', 'v240'])
  for (const changes of [
    { pixelFormat: 'yuv420p10le' },
    { longestGopMs: 30_000 },
    { kbps: 20_000 },
    { turnDegrees: 90 },
    { steady: false },
    { pixelAspect: { num: 4, den: 3 } },
  ]) {
    assert.ok(
      plan(changes).rungs.every((rung) => !rung.copied),
      JSON.stringify(changes),
    )
  }
})

test('makes nothing larger than the source', () => {
  assert.deepEqual(names({ codec: 'vp9', widthPx: 854, heightPx: 480 }), ['v360', 'v480', 'v240'])
  const tiny = plan({ codec: 'vp9', widthPx: 160, heightPx: 120 }).rungs
  assert.deepEqual(
    tiny.map(({ widthPx, heightPx }) => [widthPx, heightPx]),
    [[160, 120]],
  )
  assert.deepEqual(names({ widthPx: 3840, heightPx: 2160, codec: 'hevc' })[1], 'v1080')
})

test('counts the shorter side of an upright picture, and turns phone video first', () => {
  const upright = plan({ widthPx: 1920, heightPx: 1080, turnDegrees: 90 })
  assert.equal(upright.turnDegrees, 90)
  assert.deepEqual(upright.aspect, { num: 9, den: 16 })
  const hd = upright.rungs.find((rung) => rung.name === 'v720')
  assert.deepEqual([hd?.widthPx, hd?.heightPx], [720, 1280])
})

test('keeps every side even', () => {
  for (const [widthPx, heightPx] of [
    [1921, 1081],
    [853, 479],
    [1366, 768],
    [640, 272],
  ]) {
    for (const rung of plan({ codec: 'vp9', widthPx: widthPx as number, heightPx: heightPx as number })
      .rungs) {
      assert.equal((rung.widthPx % 2) + (rung.heightPx % 2), 0)
    }
  }
})

test('spends no more than the source does, less for less, more for fast pictures', () => {
  const at = (changes: Partial<ProbedVideo>, name: string): number =>
    plan({ codec: 'vp9', ...changes }).rungs.find((rung) => rung.name === name)?.maxKbps as number
  assert.equal(at({ kbps: 50_000 }, 'v1080'), 4800)
  assert.ok(at({ kbps: 800 }, 'v1080') < 1000)
  assert.ok(at({ kbps: 800 }, 'v360') < at({ kbps: 800 }, 'v720'))
  assert.ok(at({ kbps: 50_000, frameRate: { num: 60, den: 1 } }, 'v1080') > 6000)
})

test('has a keyframe every two seconds at any frame rate', () => {
  assert.equal(plan({}).gopFrames, 50)
  assert.equal(plan({ frameRate: { num: 30_000, den: 1001 } }).gopFrames, 60)
  const fast = plan({ frameRate: { num: 120, den: 1 } })
  assert.deepEqual([fast.frameRate, fast.gopFrames], [{ num: 60, den: 1 }, 120])
  assert.deepEqual(plan({ steady: false, frameRate: { num: 2987, den: 100 } }).frameRate, { num: 30, den: 1 })
})

test('copies plain stereo AAC, encodes other sound, does without', () => {
  assert.equal(plan({}).audio, 'copy')
  assert.equal(plan({}, { ...sound, channels: 6 }).audio, 'encode')
  assert.equal(plan({}, { ...sound, codec: 'opus' }).audio, 'encode')
  assert.equal(plan({}, null).audio, 'none')
})
