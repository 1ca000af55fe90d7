/** The API's ports on the platform's own parts. */

import type { Caller, Ports, TitleRecord } from '#api/ports.ts'
import type { StatusBoard } from '#app/status.ts'
import type { Titles } from '#app/titles.ts'
import { required } from '#base/assert.ts'
import type { Clock } from '#base/clock.ts'
import { uuidv7 } from '#base/ids.ts'
import type { Catalog } from '#domains/catalog/index.ts'
import type { Identity } from '#domains/identity/index.ts'
import type { Tenancy } from '#domains/tenancy/index.ts'
import { readFeedback } from '#features/viewer-feedback.ts'
import { readHistory } from '#features/viewer-history.ts'
import type { Analytics } from '#metrics/analytics.ts'
import { describeGuardrail } from '#models/canary.ts'
import type { Registry } from '#models/registry.ts'
import { readGuardrails } from '#models/watch-canary.ts'
import type { ChartDelay } from '#pipelines/chart-delay.ts'
import type { Collector } from '#pipelines/collect.ts'
import type { FeatureSink } from '#pipelines/feature-sink.ts'
import type { Ledger } from '#pipelines/ledger.ts'
import type { Letters } from '#pipelines/letters.ts'
import type { Playback } from '#playback/playback.ts'
import type { Serving } from '#serving/recommend.ts'
import type { OnlineStore } from '#storage/online-store/online-store.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type ApiParts = {
  readonly clock: Clock
  readonly publicUrl: string | null
  readonly tenancy: Tenancy
  readonly identity: Identity
  readonly catalog: Catalog
  readonly titles: Titles
  readonly playback: Playback
  readonly collector: Collector
  readonly featureSink: FeatureSink
  readonly online: OnlineStore
  readonly serving: Serving
  readonly analytics: Analytics
  readonly registry: Registry
  readonly warehouse: Warehouse
  readonly board: StatusBoard
  readonly ledger: Ledger
  readonly letters: Letters
  readonly eventsStored: () => Promise<number>
  readonly chartDelay: () => ChartDelay
}

const askerOf = ({ tenantId, viewerKey, kids }: Caller) => ({ tenantId, viewerKey, kids })

export function createApiPorts(parts: ApiParts): Ports {
  const { clock, publicUrl } = parts
  return {
    publicUrl,
    now: () => clock.now(),
    newId: () => uuidv7(clock.now()),
    ...peoplePorts(parts),
    ...titlePorts(parts),
    ...videoPorts(parts),
    ...viewerPorts(parts),
    ...figurePorts(parts),
    ...modelPorts(parts),
    ...operatorPorts(parts),
  }
}

const peoplePorts = ({ tenancy, identity }: ApiParts) => ({
  writeKeyOf: (tenantId: string) => tenancy.writeKeyOf(tenantId),
  tenantName: async (tenantId: string) => (await tenancy.find(tenantId))?.name ?? tenantId,
  people: (tenantId: string) => identity.people(tenantId),
  startSession: async (tenantId: string, personId: string) => {
    const cookie = await identity.issueSession(tenantId, personId)
    const caller = cookie === null ? null : await identity.readSession(cookie)
    return cookie === null || caller === null ? null : { cookie, caller }
  },
  issueGrant: identity.issueGrant,
})

const titlePorts = ({ catalog, titles, playback, clock }: ApiParts) => ({
  creator: titles.creator,
  title: titles.one,
  titlesById: titles.byId,
  titles: (filter: Parameters<Catalog['list']>[0]) => catalog.list(filter),
  genres: (tenantId: string) => catalog.genres(tenantId),
  createTitle: (
    tenantId: string,
    input: { creatorId: string; name: string; description: string; genres: readonly string[] },
  ): Promise<TitleRecord> =>
    catalog.create({ tenantId, id: uuidv7(clock.now()), ...input, publishedAt: clock.now() }),
  updateTitle: (tenantId: string, titleId: string, change: Parameters<Catalog['update']>[2]) =>
    catalog.update(tenantId, titleId, change),
  removeTitle: (tenantId: string, titleId: string) => catalog.remove(tenantId, titleId),
  restoreTitle: (tenantId: string, titleId: string) => catalog.restore(tenantId, titleId),
  posterUrl: titles.posterUrl as Ports['posterUrl'],
  sources: async (tenantId: string, titleId: string) => {
    const found = await titles.sources(tenantId, titleId)
    return found === null ? null : { ...found, posterUrl: found.posterUrl }
  },
  createUpload: playback.createUpload,
  cancelUpload: async (tenantId: string, titleId: string): Promise<TitleRecord> => {
    await playback.cancelUpload(tenantId, titleId)
    const title = required(await catalog.get(tenantId, titleId), 'the title of the upload')
    const bare = title.status === 'draft' && (await playback.job(tenantId, titleId)) === null
    return bare ? catalog.remove(tenantId, titleId) : title
  },
})

const videoPorts = ({ playback }: ApiParts) => ({
  job: async (tenantId: string, titleId: string) => {
    const job = await playback.job(tenantId, titleId)
    return job === null ? null : { ...job, retriable: await playback.isRetriable(job) }
  },
  onJob:
    (tenantId: string, titleId: string): ReturnType<Ports['onJob']> =>
    (heard) =>
      playback.onJob((job) => {
        if (job.tenantId === tenantId && job.titleId === titleId) heard()
      }),
  captions: playback.captions,
  putCaption: playback.putCaption,
  removeCaption: playback.removeCaption,
  retryTranscode: async (tenantId: string, titleId: string) => {
    await playback.retry(tenantId, titleId)
  },
})

const viewerPorts = ({ online, serving, collector, featureSink }: ApiParts) => ({
  viewerState: async (tenantId: string, viewerKey: string) => {
    const [history, feedback] = await Promise.all([
      readHistory(online, tenantId, viewerKey),
      readFeedback(online, tenantId, viewerKey),
    ])
    return { history, feedback }
  },
  home: (caller: Caller) => serving.home(askerOf(caller)),
  related: (caller: Caller, titleId: string, first: number) =>
    serving.related(askerOf(caller), titleId, first),
  sayFeedback: async (event: Parameters<Ports['sayFeedback']>[0]) => {
    await collector.say([event])
    await featureSink.caughtUp()
  },
})

const figurePorts = ({ analytics, chartDelay }: ApiParts) => ({
  moment: analytics.moment,
  provenance: analytics.provenance,
  figures: analytics.figures,
  figuresBefore: analytics.figuresBefore,
  series: analytics.series,
  topTitles: analytics.topTitles,
  realtime: analytics.realtime,
  retention: (...[scope, range, moment]: Parameters<Ports['retention']>) =>
    analytics.retention({ ...scope, titleId: scope.titleId ?? '' }, range, moment),
  stalls: analytics.stalls,
  concurrency: analytics.concurrency,
  audience: analytics.audience,
  witnesses: analytics.witnesses,
  chartDelay,
})

const modelPorts = ({ registry, warehouse, serving, board, eventsStored }: ApiParts) => ({
  models: async (tenantId: string) => [...(await registry.list(tenantId))],
  promoteModel: registry.promote,
  startCanary: registry.startCanary,
  canary: async (tenantId: string) => {
    const running = await registry.canary(tenantId)
    if (running === null) return null
    const guardrails = await readGuardrails(tenantId, running, { warehouse })
    return { ...running, guardrails: guardrails.map(describeGuardrail) }
  },
  rollbackModel: registry.rollback,
  status: async (tenantId: string) => {
    const { name, version } = await serving.modelOf(tenantId)
    const activeModel = name === 'popularity' ? name : `${name} ${version}`
    return { ready: true, work: board.current(), eventsStored: await eventsStored(), activeModel }
  },
  onStatus: (heard: () => void) => board.listen(heard),
})

const operatorPorts = ({ ledger, letters }: ApiParts) => ({
  ledger: ledger.page,
  repeatedEvents: ledger.repeated,
  deadLetters: letters.list,
  countDeadLetters: letters.count,
  deadLetter: letters.one,
  replayDeadLetters: letters.replay,
})
