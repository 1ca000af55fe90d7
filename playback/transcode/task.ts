/**
 * What an encoder can be asked to do: one task is one child process, plain data in and files out. Both drivers
 * (the ffmpeg program and the packaged libraries) understand the same tasks and build the same filters.
 */
export type Fraction = { readonly num: number; readonly den: number }

/** Reads a source whole, packet by packet, without decoding. */
export type ProbeTask = { readonly kind: 'probe'; readonly source: string }
export type VideoTask = {
  readonly kind: 'video'
  readonly source: string
  readonly target: string
  readonly widthPx: number
  readonly heightPx: number
  /** Shape the picture is shown in; a rung of odd width would otherwise be shown a little too narrow. */
  readonly aspect: Fraction
  /** Clockwise turn that puts the picture upright. */
  readonly turnDegrees: 0 | 90 | 180 | 270
  readonly frameRate: Fraction
  /** Frames between keyframes: every segment starts with one. */
  readonly gopFrames: number
  readonly maxKbps: number
  /** e.g. `libx264`, `h264_nvenc`. */
  readonly codec: string
}
export type AudioTask = {
  readonly kind: 'audio'
  readonly source: string
  readonly target: string
  readonly kbps: number
}
/** One kind of stream into an MP4 of its own, bit for bit. */
export type CopyTask = {
  readonly kind: 'copy'
  readonly source: string
  readonly target: string
  readonly stream: 'video' | 'audio'
}
/** The part of a source from the keyframe at or before `startMs`, bit for bit. */
export type CutTask = {
  readonly kind: 'cut'
  readonly source: string
  readonly target: string
  readonly startMs: number
  readonly durationMs: number
}
/** Pictures at even distances: `<target>/1.jpg` and on. */
export type StillsTask = {
  readonly kind: 'stills'
  readonly source: string
  readonly target: string
  readonly count: number
  readonly durationMs: number
  readonly widthPx: number
  readonly heightPx: number
  readonly turnDegrees: 0 | 90 | 180 | 270
  /** Decode keyframes only: far cheaper, for sources that have enough of them. */
  readonly keyframesOnly: boolean
}
/** One picture holding a grid of small ones, row by row. */
export type SheetTask = {
  readonly kind: 'sheet'
  readonly source: string
  readonly target: string
  readonly everyMs: number
  readonly columns: number
  readonly rows: number
  readonly tileWidthPx: number
  readonly tileHeightPx: number
}
/** A text track as WebVTT. */
export type TextTask = {
  readonly kind: 'text'
  readonly source: string
  readonly target: string
  readonly streamIndex: number
  readonly codec: string
}
/** A second of test picture through a codec, to see whether it works here. */
export type TryTask = { readonly kind: 'try'; readonly codec: string }

/** What the packaged libraries do whichever encoder is in use, so that reading a source has one meaning. */
export type ReadingTask = ProbeTask | CutTask | TextTask
export type EncodingTask = VideoTask | AudioTask | CopyTask | StillsTask | SheetTask | TryTask
export type Task = ReadingTask | EncodingTask

export type ProbedVideo = {
  readonly codec: string
  readonly profile: number
  readonly pixelFormat: string
  readonly widthPx: number
  readonly heightPx: number
  readonly pixelAspect: Fraction
  readonly turnDegrees: number
  readonly frameRate: Fraction
  /** Every frame lasts as long as the next. */
  readonly steady: boolean
  readonly kbps: number
  readonly frames: number
  /** What the container claims of this track. */
  readonly statedMs: number
  readonly firstMs: number
  readonly lastMs: number
  readonly keyframeCount: number
  readonly longestGopMs: number
}
export type ProbedAudio = {
  readonly codec: string
  readonly profile: number
  readonly channels: number
  readonly sampleRate: number
  readonly kbps: number
}
export type ProbedText = { readonly streamIndex: number; readonly codec: string; readonly language: string }
export type Probed = {
  readonly container: string
  /** What the container claims. */
  readonly statedMs: number
  readonly sizeBytes: number
  readonly video: ProbedVideo | null
  readonly audio: ProbedAudio | null
  readonly texts: readonly ProbedText[]
}

/** Containers we read. Playlists and lists of files are not among them: a source never names another. */
export const CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf'

const TURNS = { 0: '', 90: 'transpose=1,', 180: 'hflip,vflip,', 270: 'transpose=2,' } as const

export const videoFilter = (task: VideoTask): string =>
  `yadif=deint=interlaced,${TURNS[task.turnDegrees]}fps=${task.frameRate.num}/${task.frameRate.den},` +
  `scale=${task.widthPx}:${task.heightPx}:flags=bicubic,setdar=${task.aspect.num}/${task.aspect.den},format=yuv420p`

export const stillsFilter = (task: StillsTask): string => {
  const spacing = task.durationMs / task.count / 1000
  return (
    `${TURNS[task.turnDegrees]}fps=1/${spacing.toFixed(3)}:start_time=0:round=near,` +
    `scale=${task.widthPx}:${task.heightPx}:flags=bicubic,setsar=1,format=yuvj420p`
  )
}

export const sheetFilter = (task: SheetTask): string =>
  `fps=1000/${task.everyMs}:start_time=0,scale=${task.tileWidthPx}:${task.tileHeightPx}:flags=bilinear,setsar=1,` +
  `tile=${task.columns}x${task.rows},format=yuvj420p`

/** Settings of the video codec beside its bitrate: quality-led for x264, so that easy pictures cost little. */
export function codecOptions(task: { codec: string; gopFrames: number }): Record<string, string> {
  const gop = String(task.gopFrames)
  if (task.codec === 'libx264') {
    return {
      preset: 'veryfast',
      crf: '22',
      sc_threshold: '0',
      keyint_min: gop,
      profile: 'main',
      flags: '+cgop',
    }
  }
  if (task.codec === 'h264_nvenc') return { preset: 'p4', rc: 'vbr', 'no-scenecut': '1', 'forced-idr': '1' }
  return {}
}
