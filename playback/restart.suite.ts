/** A process that makes a title playable and says when its first rendition is: the restart test kills it. */
import { openForTest } from '#playback/opened.suite.ts'

const [dir, file] = process.argv.slice(2) as [string, string]
const opened = await openForTest({ dir })
opened.playback.onJob((job) => {
  const ready = job.tracks.filter((track) => track.kind === 'video').length
  process.stdout.write(`${JSON.stringify({ ready, progress: job.progress })}\n`)
})
await opened.playback.importFile('acme', 'killed', file, { startMs: 36_000, durationMs: 4000 })
await opened.playback.idle()
