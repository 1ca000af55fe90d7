import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { findProgram, openSandbox } from '#playback/sandboxing/sandbox.ts'
import { encoderSuite } from '#playback/transcode/encoder.suite.ts'
import { openEncoder } from '#playback/transcode/encoder.ts'

const environment = process.env
const program = environment['FFMPEG_PATH'] ?? findProgram('ffmpeg', environment)

encoderSuite(
  'ffmpeg program',
  async () =>
    openEncoder({
      ffmpegPath: program,
      environment,
      sandbox: await openSandbox(environment),
      log: silentLog,
    }),
  program === null ? 'no ffmpeg on this machine: set FFMPEG_PATH' : false,
)

suite('choice of encoder', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'no-ffmpeg-'))
    await writeFile(path.join(dir, 'ffmpeg'), '#!/bin/sh\necho broken >&2\nexit 3\n')
    await chmod(path.join(dir, 'ffmpeg'), 0o755)
  })
  after(() => rm(dir, { recursive: true, force: true }))

  test('falls back to the packaged one when the one on the search path does not run', async () => {
    const broken = { PATH: `${dir}:/usr/bin:/bin` }
    const sandbox = await openSandbox(broken)
    const encoder = await openEncoder({ environment: broken, sandbox, log: silentLog })
    assert.match(encoder.name, /packaged/)
  })

  test('refuses to start with a given one that does not run', async () => {
    const sandbox = await openSandbox(environment)
    const ffmpegPath = path.join(dir, 'ffmpeg')
    await assert.rejects(openEncoder({ environment, ffmpegPath, sandbox, log: silentLog }), {
      code: 'SV_ENCODER_MISSING',
    })
  })
})
