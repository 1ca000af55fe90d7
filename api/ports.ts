/** What the API asks of the rest of the platform. Wired in app/main.ts; the API itself holds no rules and no SQL. */
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'

export type Role = 'viewer' | 'creator' | 'dataScientist' | 'operator'
export type TitleStatus = 'draft' | 'processing' | 'ready' | 'failed' | 'simulated' | 'removed'

/** Who asks: resolved from the session cookie before anything else. */
export type Caller = {
  readonly tenantId: string
  readonly person: PersonRecord | null
  readonly roles: readonly Role[]
  /** Pseudonym events carry; null for kids and visitors. */
  readonly viewerKey: string | null
  readonly kids: boolean
  readonly creatorId: string | null
}

export type PersonRecord = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly about: string
  readonly avatarUrl: string
  readonly kids: boolean
}
export type CreatorRecord = { readonly id: string; readonly name: string; readonly avatarUrl: string }

export type TitleRecord = {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly description: string
  readonly creatorId: string
  readonly genres: readonly string[]
  readonly status: TitleStatus
  readonly durationMs: number | null
  readonly ageRating: string
  readonly publishedAt: number | null
  readonly createdAt: number
  readonly simulated: boolean
}

export type Page<T> = {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[]
  readonly hasNextPage: boolean
  readonly totalCount: number
}
export type TitleFilter = {
  readonly tenantId: string
  readonly first: number
  readonly after?: string | undefined
  readonly genre?: string | undefined
  readonly text?: string | undefined
  readonly creatorId?: string | undefined
  readonly status?: TitleStatus | undefined
  /** Only what viewers may see. */
  readonly published?: boolean
}

export type JobRecord = {
  readonly id: string
  readonly state: 'uploading' | 'probing' | 'transcoding' | 'packaging' | 'done' | 'failed'
  readonly progress: number
  readonly step: string
  readonly renditions: readonly {
    readonly heightPx: number
    readonly bitrateKbps: number
    readonly state: string
  }[]
  readonly encoder: string | null
  readonly failure: { readonly code: string; readonly message: string; readonly fix: string } | null
  readonly updatedAt: number
}
export type Sources = {
  readonly hlsUrl: string
  readonly dashUrl: string
  readonly posterUrl: string
  readonly storyboardUrl: string | null
  readonly captions: readonly { readonly language: string; readonly label: string; readonly url: string }[]
}

export type SlateRecord = {
  readonly id: string
  readonly modelName: string
  readonly modelVersion: string
  readonly rows: readonly {
    readonly key: string
    readonly name: string
    readonly slots: readonly {
      readonly position: number
      readonly titleId: string
      readonly source: string
      readonly score: number
    }[]
  }[]
}

export type RangeName = 'hours24' | 'days7' | 'days28' | 'all'
export type Scope = { readonly tenantId: string; readonly creatorId?: string; readonly titleId?: string }
export type FiguresRecord = {
  readonly views: number
  readonly plays: number
  readonly uniqueViewers: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
  readonly completePercent: number | null
  readonly startupP50Ms: number | null
  readonly startupP95Ms: number | null
  readonly rebufferPercent: number | null
  readonly bufferFreePercent: number | null
  readonly startFailurePercent: number | null
  readonly playbackFailurePercent: number | null
  readonly exitBeforeStartPercent: number | null
  readonly impressions: number
  readonly clickThroughPercent: number | null
}
export type PointRecord = { readonly at: number; readonly views: number; readonly watchTimeMs: number }
export type TitleFiguresRecord = {
  readonly titleId: string
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
}
export type OverviewRecord = {
  readonly current: FiguresRecord
  readonly previous: FiguresRecord | null
  readonly series: readonly PointRecord[]
  readonly topTitles: readonly TitleFiguresRecord[]
  readonly watermarkAt: number
}
export type RealtimeRecord = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
  readonly minutes: readonly { readonly at: number; readonly views: number }[]
  readonly topTitles: readonly TitleFiguresRecord[]
  readonly watermarkAt: number
}
export type RetentionRecord = {
  readonly views: number
  readonly absolute: readonly number[]
  readonly unique: readonly number[]
  readonly typical: readonly number[]
  readonly moments: readonly {
    readonly kind: string
    readonly startSecond: number
    readonly endSecond: number
    readonly unique: number
  }[]
}
export type TitleAnalyticsRecord = {
  readonly figures: FiguresRecord
  readonly series: readonly PointRecord[]
  readonly watermarkAt: number
}

export type ModelRecord = {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly state: string
  readonly trainedAt: number
  readonly interactionCount: number
  readonly metrics: readonly {
    readonly name: string
    readonly value: number
    readonly low: number
    readonly high: number
    readonly against?: string | null
    readonly difference?: number | null
    readonly differenceLow?: number | null
    readonly differenceHigh?: number | null
  }[]
}
export type StatusRecord = {
  readonly ready: boolean
  readonly work: readonly {
    readonly key: string
    readonly name: string
    readonly progress: number
    readonly detail: string
    readonly failed: boolean
  }[]
  readonly eventsStored: number
  readonly activeModel: string
}

export type ViewerState = {
  readonly history: ReadonlyMap<
    string,
    { readonly positionMs: number; readonly completed: boolean; readonly at: number }
  >
  readonly feedback: ReadonlyMap<
    string,
    {
      readonly stars: number | null
      readonly inMyList: boolean
      readonly dismissed: boolean
      readonly at: number
    }
  >
}

/** Calls `heard` on each change; returns the way to stop. */
export type Listen<T> = (heard: (value: T) => void) => () => void

export type Ports = {
  readonly now: () => number
  readonly newId: () => string
  readonly writeKeyOf: (tenantId: string) => Promise<string>
  readonly tenantName: (tenantId: string) => Promise<string>
  readonly people: (tenantId: string) => Promise<readonly PersonRecord[]>
  /** A session for the person: the cookie's value and the new caller; null when there is no such person. */
  readonly startSession: (
    tenantId: string,
    personId: string,
  ) => Promise<{ cookie: string; caller: Caller } | null>
  readonly issueGrant: (grant: Grant) => Promise<string>
  readonly creator: (tenantId: string, creatorId: string) => Promise<CreatorRecord | null>
  readonly title: (tenantId: string, titleId: string) => Promise<TitleRecord | null>
  readonly titlesById: (tenantId: string, ids: readonly string[]) => Promise<readonly TitleRecord[]>
  readonly titles: (filter: TitleFilter) => Promise<Page<TitleRecord>>
  readonly genres: (tenantId: string) => Promise<readonly string[]>
  readonly createTitle: (
    tenantId: string,
    input: { creatorId: string; name: string; description: string; genres: readonly string[] },
  ) => Promise<TitleRecord>
  readonly updateTitle: (
    tenantId: string,
    titleId: string,
    input: {
      name?: string
      description?: string
      genres?: readonly string[]
      ageRating?: string
      publishedAt?: number | null
    },
  ) => Promise<TitleRecord>
  readonly removeTitle: (tenantId: string, titleId: string) => Promise<TitleRecord>
  readonly restoreTitle: (tenantId: string, titleId: string) => Promise<TitleRecord>
  readonly posterUrl: (title: TitleRecord) => string | Promise<string>
  readonly sources: (tenantId: string, titleId: string) => Promise<Sources | null>
  readonly createUpload: (
    tenantId: string,
    titleId: string,
    fileName: string,
    sizeBytes: number,
  ) => Promise<{ uploadUrl: string; uploadToken: string; maxBytes: number }>
  readonly job: (tenantId: string, titleId: string) => Promise<JobRecord | null>
  readonly onJob: (tenantId: string, titleId: string) => Listen<JobRecord>
  readonly retryTranscode: (tenantId: string, titleId: string) => Promise<void>
  readonly viewerState: (tenantId: string, viewerKey: string) => Promise<ViewerState>
  readonly home: (caller: Caller) => Promise<SlateRecord>
  readonly related: (caller: Caller, titleId: string, first: number) => Promise<SlateRecord>
  readonly overview: (scope: Scope, range: RangeName) => Promise<OverviewRecord>
  readonly realtime: (scope: Scope) => Promise<RealtimeRecord>
  readonly titleFigures: (scope: Scope, range: RangeName) => Promise<TitleAnalyticsRecord>
  readonly retention: (scope: Scope, range: RangeName) => Promise<RetentionRecord>
  readonly stalls: (
    scope: Scope,
    range: RangeName,
  ) => Promise<readonly { second: number; stalls: number; stalledMs: number }[]>
  readonly models: (tenantId: string) => Promise<readonly ModelRecord[]>
  readonly promoteModel: (tenantId: string, versionId: string, by: string) => Promise<ModelRecord>
  readonly rollbackModel: (tenantId: string, by: string) => Promise<ModelRecord | null>
  readonly status: (tenantId: string) => Promise<StatusRecord>
  readonly onStatus: Listen<void>
  /** Says something the viewer did; resolves when durable and readable. */
  readonly sayFeedback: (event: StoredEvent) => Promise<void>
}
