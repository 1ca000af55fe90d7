/** What the media store refuses. */
import { defineRefusals } from '#base/refusal.ts'

export const refusals = defineRefusals({
  missing: {
    code: 'SV_MEDIA_MISSING',
    status: 404,
    fix: 'Check the address; the file may have been removed.',
  },
  badKey: {
    code: 'SV_MEDIA_BAD_KEY',
    status: 400,
    fix: 'Use names of letters, digits, dot, dash and underscore, joined by slashes.',
  },
  badRange: { code: 'SV_MEDIA_BAD_RANGE', status: 416, fix: 'Ask for bytes that the file has.' },
  unavailable: {
    code: 'SV_MEDIA_UNAVAILABLE',
    status: 503,
    fix: 'Try again in a moment: the server that keeps the files does not answer.',
  },
  refused: {
    code: 'SV_MEDIA_REFUSED',
    status: 500,
    fix: 'Write MEDIA_URL as s3://bucket/prefix?region=...; check that the bucket is there and the keys may use it.',
  },
})
