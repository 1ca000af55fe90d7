/** Which part of the content a piece of a rendition holds, from the timeline its packager wrote. */
import { folderOf, type Job, type Track } from '#playback/job.ts'

export type TrackTimeline = {
  readonly kind: Track['kind']
  readonly heightPx: number
  readonly firstIndex: number
  /** Where piece `firstIndex + i` begins; one more entry says where the last one ends. */
  readonly edgesMs: readonly number[]
}
/** By name of the track. */
export type Timelines = ReadonlyMap<string, TrackTimeline>

/** Longest content looked at: a day of pieces of one second. */
const MAX_PIECES = 86_400

const attribute = (tag: string, name: string, otherwise: number): number =>
  Number(new RegExp(`\\s${name}="(\\d+)"`).exec(tag)?.[1] ?? otherwise)

/** Edges of the pieces of a `SegmentTemplate` with a `SegmentTimeline` (ISO/IEC 23009-1, 5.3.9.6), in ms. */
export function readTimeline(template: string): { firstIndex: number; edgesMs: number[] } {
  const head = /<SegmentTemplate[^>]*>/.exec(template)?.[0] ?? ''
  const timescale = attribute(head, 'timescale', 1) || 1
  const origin = attribute(head, 'presentationTimeOffset', 0)
  const edges: number[] = []
  let at = 0
  for (const [tag] of template.matchAll(/<S\s[^>]*>/g)) {
    at = attribute(tag, 't', at)
    const [length, repeats] = [attribute(tag, 'd', 0), attribute(tag, 'r', 0)]
    for (let i = 0; i <= repeats && edges.length < MAX_PIECES; i++) {
      edges.push(at)
      at += length
    }
  }
  if (edges.length > 0) edges.push(at)
  return {
    firstIndex: attribute(head, 'startNumber', 1),
    edgesMs: edges.map((edge) => Math.max(0, Math.round(((edge - origin) * 1000) / timescale))),
  }
}

const timelinesOf = (job: Job | undefined): Timelines =>
  new Map(
    (job?.tracks ?? []).map((track) => [
      track.name,
      { kind: track.kind, heightPx: track.heightPx, ...readTimeline(track.segmentTemplate) },
    ]),
  )

/** Timelines of folders asked for lately. */
const MOST_FOLDERS = 500

export type TimelineBook = {
  /** Null when nobody knows the rendition any more. Rejects when the records cannot be asked. */
  find(tenantId: string, titleId: string, folder: string, track: string): Promise<TrackTimeline | null>
}

/** A rendition that has joined since is looked for again; `jobsOf` says all jobs of a title. */
export function createTimelineBook(
  jobsOf: (tenantId: string, titleId: string) => Promise<readonly Job[]>,
): TimelineBook {
  const known = new Map<string, Promise<Timelines>>()
  const load = (key: string, tenantId: string, titleId: string, folder: string): Promise<Timelines> => {
    const loading = jobsOf(tenantId, titleId).then((jobs) =>
      timelinesOf(jobs.find((job) => folderOf(job.id) === folder)),
    )
    known.set(key, loading)
    loading.catch(() => known.delete(key))
    if (known.size > MOST_FOLDERS) known.delete(known.keys().next().value as string)
    return loading
  }
  return {
    find: async (tenantId, titleId, folder, track) => {
      const key = `${tenantId}/${titleId}/${folder}`
      const held = (await known.get(key))?.get(track)
      return held ?? (await load(key, tenantId, titleId, folder)).get(track) ?? null
    },
  }
}
