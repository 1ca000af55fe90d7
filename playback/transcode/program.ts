/** The ffmpeg program as an encoder: every task is one command line. */
import { mkdir } from 'node:fs/promises'
import { runProgram } from '#playback/sandboxing/run.ts'
import type { Sandbox } from '#playback/sandboxing/sandbox.ts'
import { type Driver, EncodeError } from '#playback/transcode/driver.ts'
import { timeLimits } from '#playback/transcode/packaged.ts'
import {
  type AudioTask,
  CONTAINERS,
  type CopyTask,
  codecOptions,
  type EncodingTask,
  type SheetTask,
  type StillsTask,
  sheetFilter,
  stillsFilter,
  type TryTask,
  type VideoTask,
  videoFilter,
} from '#playback/transcode/task.ts'

/** Files only, and never a container that names other files; pictures are turned by our own filter. */
const SAFE = ['-protocol_whitelist', 'file', '-format_whitelist', CONTAINERS, '-noautorotate']
const input = (source: string): string[] => [...SAFE, '-i', `file:${source}`]
const output = (target: string): string => `file:${target}`
const pairs = (options: Record<string, string>): string[] =>
  Object.entries(options).flatMap(([name, value]) => [`-${name}`, value])

/** Fixed parts read best as they are typed. */
const words = (line: string): string[] => line.split(' ')

/** VA-API takes its pictures from its own memory: the device is opened first and each picture uploaded. */
const VAAPI_DEVICE = '/dev/dri/renderD128'
const deviceOf = (codec: string): string[] =>
  codec === 'h264_vaapi' ? words(`-vaapi_device ${VAAPI_DEVICE}`) : []
const uploadOf = (codec: string): string => (codec === 'h264_vaapi' ? ',format=nv12,hwupload' : '')

function videoArguments(task: VideoTask): string[] {
  const rate = task.codec === 'libx264' ? [] : words(`-b:v ${Math.round(task.maxKbps * 0.75)}k`)
  return [
    ...deviceOf(task.codec),
    ...input(task.source),
    ...words('-map 0:V:0 -an -sn -dn -map_metadata -1 -vf'),
    videoFilter(task) + uploadOf(task.codec),
    ...words(`-c:v ${task.codec} -g ${task.gopFrames}`),
    ...pairs(codecOptions(task)),
    ...rate,
    ...words(`-maxrate ${task.maxKbps}k -bufsize ${task.maxKbps * 2}k -f mp4`),
    output(task.target),
  ]
}

const copyArguments = (task: CopyTask): string[] => [
  ...input(task.source),
  ...words(`-map ${task.stream === 'video' ? '0:V:0' : '0:a:0'} -c copy -map_metadata -1 -f mp4`),
  output(task.target),
]

const audioArguments = (task: AudioTask): string[] => [
  ...input(task.source),
  ...words('-map 0:a:0 -vn -sn -dn -map_metadata -1 -af aresample=48000:async=1:first_pts=0'),
  ...words(`-ac 2 -c:a aac -b:a ${task.kbps}k -f mp4`),
  output(task.target),
]

const stillsArguments = (task: StillsTask): string[] => [
  ...(task.keyframesOnly ? words('-skip_frame nokey') : []),
  ...input(task.source),
  ...words('-map 0:V:0 -vf'),
  stillsFilter(task),
  ...words(`-frames:v ${task.count} -q:v 3 -f image2`),
  output(`${task.target}/%d.jpg`),
]

const sheetArguments = (task: SheetTask): string[] => [
  ...input(task.source),
  ...words('-map 0:V:0 -vf'),
  sheetFilter(task),
  ...words('-frames:v 1 -q:v 4 -f image2 -update 1'),
  output(task.target),
]

const tryArguments = (task: TryTask): string[] => [
  ...deviceOf(task.codec),
  ...words('-f lavfi -i testsrc2=size=320x192:rate=25:duration=0.4 -vf'),
  `format=yuv420p${uploadOf(task.codec)}`,
  ...words(`-c:v ${task.codec} -b:v 500k -f null -`),
]

/** The arguments that make ffmpeg do the task. */
export function argumentsOf(task: EncodingTask): string[] {
  switch (task.kind) {
    case 'video':
      return videoArguments(task)
    case 'audio':
      return audioArguments(task)
    case 'copy':
      return copyArguments(task)
    case 'stills':
      return stillsArguments(task)
    case 'sheet':
      return sheetArguments(task)
    case 'try':
      return tryArguments(task)
  }
}

/** Words of ffmpeg that tell of its own troubles, not the file's. */
const OURS = /No space left|Cannot allocate|Permission denied|Unknown encoder|Option not found|Read-only file/

export async function openProgram(program: string, sandbox: Sandbox): Promise<Driver> {
  const lines: string[] = []
  const version = await runProgram(sandbox, program, ['-version'], {
    ...timeLimits(),
    onLine: (line) => lines.push(line),
  })
  const found = /^ffmpeg version (\S+)/.exec(lines[0] ?? '')
  if (version.exitCode !== 0 || found === null) {
    throw new EncodeError('us', `${program} does not answer as ffmpeg does. ${version.said}`)
  }
  return {
    name: `ffmpeg ${found[1]}`,
    async perform(task, run = {}) {
      if (task.kind === 'stills') await mkdir(task.target, { recursive: true })
      const ended = await runProgram(
        sandbox,
        program,
        ['-nostdin', '-v', 'error', '-y', '-progress', 'pipe:1', '-nostats', ...argumentsOf(task)],
        {
          ...timeLimits(run.contentMs),
          signal: run.signal,
          onLine: (line) => {
            const frames = /^frame=(\d+)/.exec(line)?.[1]
            if (frames !== undefined) run.onFrames?.(Number(frames))
          },
        },
      )
      if (ended.exitCode === 0) return
      const ours = ended.late || ended.killed !== null || OURS.test(ended.said)
      throw new EncodeError(ours ? 'us' : 'source', ended.said || `ffmpeg ended by ${ended.killed}`)
    },
  }
}
