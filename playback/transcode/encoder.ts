/**
 * The encoder: one interface over the ffmpeg program and the packaged libraries, chosen once at start by what
 * is there and what was seen to work.
 */
import { existsSync } from 'node:fs'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#playback/errors.ts'
import { type Environment, findProgram, type Sandbox } from '#playback/sandboxing/sandbox.ts'
import type { Driver } from '#playback/transcode/driver.ts'
import { openPackaged, type Reader } from '#playback/transcode/packaged.ts'
import { openProgram } from '#playback/transcode/program.ts'

export type Encoder = Driver &
  Reader & {
    /** Video codec in use, e.g. `libx264`, `h264_nvenc`. */
    readonly codec: string
    readonly protections: readonly string[]
  }

/** Fastest first; x264 last, which is everywhere. */
export const CODECS = ['h264_nvenc', 'h264_qsv', 'h264_vaapi', 'h264_videotoolbox', 'libx264'] as const
const TRY_TIMEOUT_MS = 15_000

export type EncoderOptions = {
  /** A given ffmpeg program; else the one on the search path; else the packaged libraries. */
  readonly ffmpegPath?: string | null
  readonly environment: Environment
  readonly sandbox: Sandbox
  readonly log: Log
}

/** Devices a hardware encoder needs before it is worth a try: a try costs a process. */
const DEVICES: Partial<Record<(typeof CODECS)[number], string>> = {
  h264_nvenc: '/dev/nvidia0',
  h264_qsv: '/dev/dri',
  h264_vaapi: '/dev/dri',
}

function isWorthATry(codec: (typeof CODECS)[number]): boolean {
  if (codec === 'h264_videotoolbox') return process.platform === 'darwin'
  const device = DEVICES[codec]
  return process.platform !== 'linux' || device === undefined || existsSync(device)
}

async function firstWorking(driver: Driver): Promise<string | null> {
  for (const codec of CODECS.filter(isWorthATry)) {
    try {
      await driver.perform({ kind: 'try', codec }, { signal: AbortSignal.timeout(TRY_TIMEOUT_MS) })
      return codec
    } catch {
      // this codec does not work on this machine: the next one may
    }
  }
  return null
}

async function candidates(options: EncoderOptions, packaged: Driver): Promise<Driver[]> {
  const { ffmpegPath } = options
  if (ffmpegPath != null) {
    try {
      return [await openProgram(ffmpegPath, options.sandbox)]
    } catch (cause) {
      throw new Refusal(refusals.encoderMissing, `${ffmpegPath} does not run as ffmpeg.`, { cause })
    }
  }
  const found = findProgram('ffmpeg', options.environment)
  if (found === null) return [packaged]
  try {
    return [await openProgram(found, options.sandbox), packaged]
  } catch (error) {
    options.log.warn({ err: error, program: found }, 'the ffmpeg on this machine does not run')
    return [packaged]
  }
}

export async function openEncoder(options: EncoderOptions): Promise<Encoder> {
  const { sandbox } = options
  const packaged = openPackaged(sandbox)
  for (const driver of await candidates(options, packaged)) {
    const codec = await firstWorking(driver)
    if (codec === null) {
      options.log.warn({ encoder: driver.name }, 'this encoder has no H.264 that works here')
      continue
    }
    options.log.info({ encoder: driver.name, codec, sandbox: sandbox.protections }, 'the encoder is ready')
    return { ...packaged, ...driver, codec, protections: sandbox.protections }
  }
  throw new Refusal(refusals.encoderMissing, 'No encoder on this machine can make H.264.')
}
