/** What playback refuses, and what to do about it. The uploader reads these sentences in the studio. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  notMedia: {
    code: 'SV_MEDIA_NOT_VIDEO',
    status: 422,
    fix: 'Choose a video file (MP4, MOV, MKV, WebM, AVI, MPEG-TS) and upload it again.',
  },
  emptyFile: {
    code: 'SV_MEDIA_EMPTY',
    status: 422,
    fix: 'The file has no bytes: export it again and upload the new copy.',
  },
  truncated: {
    code: 'SV_MEDIA_TRUNCATED',
    status: 422,
    fix: 'Part of the file is missing: copy or export it again and upload the whole file.',
  },
  noVideo: {
    code: 'SV_MEDIA_NO_VIDEO',
    status: 422,
    fix: 'The file has sound only: upload a file that has a picture.',
  },
  tooLong: {
    code: 'SV_MEDIA_TOO_LONG',
    status: 422,
    fix: 'Cut the video into shorter titles, or ask the operator for a longer limit.',
  },
  tooLarge: {
    code: 'SV_MEDIA_TOO_LARGE',
    status: 413,
    fix: 'Export the video at a lower bitrate, or ask the operator for a larger limit.',
  },
  badDimensions: {
    code: 'SV_MEDIA_BAD_DIMENSIONS',
    status: 422,
    fix: 'Export the video between 16 and 8192 pixels on each side.',
  },
  undecodable: {
    code: 'SV_MEDIA_UNDECODABLE',
    status: 422,
    fix: 'Export the video again, as H.264 in MP4 if you can, and upload the new copy.',
  },
  encoderFailed: {
    code: 'SV_TRANSCODE_FAILED',
    status: 500,
    fix: 'Press retry; if it fails again, tell the operator the code and the time.',
  },
  encoderMissing: {
    code: 'SV_ENCODER_MISSING',
    status: 503,
    fix: 'Install ffmpeg, set FFMPEG_PATH, or run `npm ci` again with optional packages.',
  },
  replaced: {
    code: 'SV_JOB_REPLACED',
    status: 409,
    fix: 'Nothing is to be done: a newer file was uploaded for this title.',
  },
  noRoom: {
    code: 'SV_MEDIA_DISK_FULL',
    status: 507,
    fix: 'Free disk space on the machine, then upload again.',
  },
  uploadToken: {
    code: 'SV_UPLOAD_TOKEN_INVALID',
    status: 401,
    fix: 'Start the upload again from the studio: the permission to upload has run out or was changed.',
  },
  jobMissing: {
    code: 'SV_JOB_MISSING',
    status: 404,
    fix: 'Upload a file for this title first.',
  },
  nothingToRetry: {
    code: 'SV_JOB_NOT_RETRIABLE',
    status: 409,
    fix: 'Upload the file again: its source is no longer here.',
  },
  badCaption: {
    code: 'SV_CAPTION_INVALID',
    status: 422,
    fix: 'Choose a WebVTT (.vtt) or SubRip (.srt) file of at most 500 kB, and a language such as en or pt-BR.',
  },
})
