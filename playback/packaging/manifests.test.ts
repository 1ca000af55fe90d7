import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Track } from '#playback/job.ts'
import { writeMaster, writeMpd } from '#playback/packaging/manifests.ts'
import { readTrack } from '#playback/packaging/packager.ts'

const track = (changes: Partial<Track>): Track => ({
  kind: 'video',
  name: 'v720',
  playlist: 'r1/v720/index.m3u8',
  codecs: 'avc1.64001f',
  peakBps: 1_000_000,
  averageBps: 900_000,
  widthPx: 1280,
  heightPx: 720,
  frameRate: '12800/512',
  channels: 0,
  segmentTemplate: '<SegmentTemplate timescale="12800"></SegmentTemplate>',
  pixelAspect: '1:1',
  durationMs: 5280,
  aligned: true,
  encoder: 'libx264',
  ...changes,
})
const small = track({
  name: 'v240',
  playlist: 'r1/v240/index.m3u8',
  widthPx: 426,
  heightPx: 240,
  peakBps: 300_000,
})
const sound = track({
  kind: 'audio',
  name: 'audio',
  playlist: 'r1/audio/index.m3u8',
  codecs: 'mp4a.40.2',
  peakBps: 130_000,
  widthPx: 0,
  heightPx: 0,
  channels: 2,
  durationMs: 5312,
  segmentTemplate: '<SegmentTemplate timescale="48000"></SegmentTemplate>',
})

test('lists the smallest rendition first, each with the sound counted in', () => {
  const lines = writeMaster([sound, track({}), small]).split('\n')
  const streams = lines.filter((line) => line.startsWith('#EXT-X-STREAM-INF'))
  assert.match(
    streams[0] ?? '',
    /BANDWIDTH=430000,.*CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=426x240,FRAME-RATE=25.000,AUDIO="sound"/,
  )
  assert.match(streams[1] ?? '', /RESOLUTION=1280x720/)
  assert.deepEqual(
    lines.filter((line) => line !== '' && !line.startsWith('#')),
    ['r1/v240/index.m3u8', 'r1/v720/index.m3u8'],
  )
})

test('says nothing of sound where there is none', () => {
  assert.doesNotMatch(writeMaster([track({})]), /AUDIO/)
  assert.doesNotMatch(writeMpd([track({})]), /contentType="audio"/)
})

test('describes the same tracks for DASH, as long as the longest', () => {
  const mpd = writeMpd([sound, track({ aligned: false }), small])
  assert.match(mpd, /mediaPresentationDuration="PT5.312S"/)
  assert.match(mpd, /maxWidth="1280" maxHeight="720" par="16:9" segmentAlignment="false"/)
  assert.match(
    mpd,
    /<Representation id="v240" bandwidth="300000"[^>]* width="426" height="240" frameRate="25"/,
  )
  assert.match(mpd, /<Representation id="audio"[^>]* audioSamplingRate="48000"/)
  assert.match(writeMpd([track({}), small]), /segmentAlignment="true"/)
})

test('reads what the packager says of a track', () => {
  const mpd = `<MPD mediaPresentationDuration="PT1H2M3.5S"><AdaptationSet id="0" contentType="video" width="854"
    height="480" frameRate="12288/512"><Representation id="0" bandwidth="778120" codecs="avc1.4d401e"
    mimeType="video/mp4" sar="1280:1281"><SegmentTemplate a="b"><x/></SegmentTemplate></Representation>`
  const hls = '#EXT-X-STREAM-INF:BANDWIDTH=778120,AVERAGE-BANDWIDTH=695313,CODECS="x"\nv/index.m3u8\n'
  const named = { kind: 'video', folder: 'r1', name: 'v480', aligned: true, encoder: 'copy' } as const
  const read = readTrack(named, hls, mpd)
  assert.equal(read.durationMs, 3_723_500)
  assert.deepEqual([read.widthPx, read.heightPx, read.peakBps, read.averageBps], [854, 480, 778_120, 695_313])
  assert.deepEqual([read.pixelAspect, read.frameRate], ['1280:1281', '12288/512'])
  assert.equal(read.segmentTemplate, '<SegmentTemplate a="b"><x/></SegmentTemplate>')
})
