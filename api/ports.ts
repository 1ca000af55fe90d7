/** What the API asks of the rest of the platform. Wired in app/api-ports.ts; the API itself holds no rules and no SQL. */
import type { CanaryRecord, ModelRecord } from '#api/model-ports.ts'
import type { StoredEvent } from '#events/define.ts'
import type { Grant } from '#events/grants.ts'
import type { Concurrency } from '#metrics/analytics.ts'
import type { ToldAudience } from '#metrics/audience.ts'
import type { FigureName, Figures } from '#metrics/figures.ts'
import type { Provenance } from '#metrics/provenance.ts'
import type { Asked, ReportName } from '#metrics/reports.ts'
import type { Moment, Scope } from '#metrics/scope.ts'
import type { StallPoint } from '#metrics/stalls.ts'
import type { Witnesses } from '#metrics/witnesses.ts'

export type { Asked } from '#metrics/reports.ts'
export type { Scope } from '#metrics/scope.ts'

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
  /** It failed, and its source is still here: `retryTranscode` begins it again. */
  readonly retriable: boolean
  readonly updatedAt: number
}
export type Sources = {
  readonly hlsUrl: string
  readonly dashUrl: string
  readonly posterUrl: string
  readonly storyboardUrl: string | null
  readonly captions: readonly { readonly language: string; readonly label: string; readonly url: string }[]
}

export type CaptionRecord = {
  readonly language: string
  readonly label: string
  readonly url: string
  readonly brought: boolean
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
export type FiguresRecord = Figures
export type PointRecord = {
  readonly at: number
  readonly views: number
  readonly watchTimeMs: number
  readonly restatedViews: number
}
export type TitleFiguresRecord = {
  readonly titleId: string
  readonly views: number
  readonly watchTimeMs: number
  readonly averageViewMs: number | null
}
export type RealtimeRecord = {
  readonly concurrentViewers: number
  readonly viewsLastHour: number
  readonly viewsLast48Hours: number
  readonly minutes: readonly { readonly at: number; readonly views: number }[]
  readonly topTitles: readonly TitleFiguresRecord[]
  readonly watermarkAt: number
  readonly at: number
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

/** Of the last five minutes; the quantiles are null when no event came. */
export type ChartDelayRecord = {
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Of all tenants together. */
  readonly events: number
  readonly oldestWaitingMs: number
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
  /** Of all tenants together. */
  readonly eventsStored: number
  readonly activeModel: string
}

/** Sums over minutes of the collector's ledger. */
export type LedgerTotalsRecord = {
  readonly accepted: number
  readonly stored: number
  readonly duplicate: number
  readonly reusedId: number
  readonly deadLettered: number
  readonly deadLetteredBy: Readonly<Record<string, number>>
  readonly rows: number
  readonly letters: number
  readonly lost: number
  readonly doubled: number
  readonly unexplained: number
  readonly unsaid: number
  readonly unsure: number
  readonly openMinutes: number
}
export const LEDGER_STATES = [
  'open',
  'balanced',
  'unsaid',
  'unsure',
  'lost',
  'doubled',
  'unexplained',
] as const
export type LedgerStepRecord = LedgerTotalsRecord & {
  readonly at: number
  readonly state: (typeof LEDGER_STATES)[number]
}
export type LedgerRecord = {
  readonly steps: readonly LedgerStepRecord[]
  readonly totals: LedgerTotalsRecord
  readonly unbalanced: readonly LedgerStepRecord[]
}

export type LetterFilter = {
  readonly reason?: string | undefined
  readonly type?: string | undefined
  readonly since?: number | undefined
  readonly state?: LetterRecord['state'] | undefined
}
export type LetterRecord = {
  readonly id: string
  readonly receivedAt: number
  readonly reason: string
  readonly detail: string
  readonly firstReason: string
  readonly claimedType: string | null
  readonly schema: string | null
  readonly stream: string | null
  readonly sourceFormat: string
  readonly partition: number
  readonly offset: number
  readonly body: string
  readonly bodyEncoding: 'text' | 'base64'
  readonly bodyBytes: number
  readonly isCut: boolean
  readonly state: 'waiting' | 'stored' | 'present'
  readonly replays: number
  /** 0: never. */
  readonly replayedAt: number
}
export type ReplayedRecord = {
  readonly id: string
  readonly outcome: 'stored' | 'present' | 'failed'
  readonly reason: string | null
  readonly detail: string | null
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
  /** Origin viewers reach us at through a proxy, such as `https://video.example`; null: the one they asked. */
  readonly publicUrl: string | null
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
  ) => Promise<{ uploadUrl: string; uploadToken: string; maxBytes: number; expiresAt: number }>
  /** Gives up the title's unfinished upload; a draft that has nothing else is removed. */
  readonly cancelUpload: (tenantId: string, titleId: string) => Promise<TitleRecord>
  readonly job: (tenantId: string, titleId: string) => Promise<JobRecord | null>
  readonly onJob: (tenantId: string, titleId: string) => Listen<void>
  readonly retryTranscode: (tenantId: string, titleId: string) => Promise<void>
  readonly captions: (tenantId: string, titleId: string) => Promise<readonly CaptionRecord[]>
  readonly putCaption: (
    tenantId: string,
    titleId: string,
    file: { language: string; text: string },
  ) => Promise<void>
  readonly removeCaption: (tenantId: string, titleId: string, language: string) => Promise<void>
  readonly viewerState: (tenantId: string, viewerKey: string) => Promise<ViewerState>
  readonly home: (caller: Caller) => Promise<SlateRecord>
  readonly related: (caller: Caller, titleId: string, first: number) => Promise<SlateRecord>
  /** The instant that is now, for several reports about one; of a scope that is known at another, that one. */
  readonly moment: (scope: Scope) => Moment
  /** Those that are named; the others are not in the record. */
  readonly figures: (
    scope: Scope,
    range: RangeName,
    moment: Moment,
    only: readonly FigureName[],
  ) => Promise<FiguresRecord>
  readonly figuresBefore: (
    scope: Scope,
    range: RangeName,
    moment: Moment,
    only: readonly FigureName[],
  ) => Promise<FiguresRecord | null>
  readonly series: (scope: Scope, range: RangeName, moment: Moment) => Promise<readonly PointRecord[]>
  readonly topTitles: (
    scope: Scope,
    range: RangeName,
    moment: Moment,
  ) => Promise<readonly TitleFiguresRecord[]>
  readonly realtime: (scope: Scope) => Promise<RealtimeRecord>
  readonly retention: (scope: Scope, range: RangeName, moment: Moment) => Promise<RetentionRecord>
  readonly stalls: (scope: Scope, range: RangeName, moment: Moment) => Promise<readonly StallPoint[]>
  readonly concurrency: (scope: Scope, range: RangeName, moment: Moment) => Promise<Concurrency>
  readonly audience: (scope: Scope, moment: Moment) => Promise<ToldAudience>
  readonly witnesses: (scope: Scope, range: RangeName, moment: Moment) => Promise<Witnesses>
  /** How a report, or the field of it that is named, came about. */
  readonly provenance: (report: ReportName, asked: Asked, of: string | null) => Provenance
  readonly models: (tenantId: string) => Promise<readonly ModelRecord[]>
  /** Refuses a version with a closed gate, unless `despite` says why it is done all the same. */
  readonly promoteModel: (
    tenantId: string,
    versionId: string,
    by: string,
    despite?: string,
  ) => Promise<ModelRecord>
  /** Puts it before a share of the viewers, 0 to 0.5. */
  readonly startCanary: (
    tenantId: string,
    versionId: string,
    share: number,
    by: string,
    despite?: string,
  ) => Promise<ModelRecord>
  readonly canary: (tenantId: string) => Promise<CanaryRecord | null>
  readonly rollbackModel: (tenantId: string, by: string, versionId?: string) => Promise<ModelRecord | null>
  readonly ledger: (tenantId: string, from: number, to: number, stepMs: number) => Promise<LedgerRecord>
  readonly repeatedEvents: (tenantId: string, from: number, to: number) => Promise<number>
  readonly deadLetters: (
    tenantId: string,
    filter: LetterFilter,
    page: { readonly first: number; readonly after: { readonly at: number; readonly id: string } | null },
  ) => Promise<{ readonly letters: readonly LetterRecord[]; readonly hasNextPage: boolean }>
  readonly countDeadLetters: (
    tenantId: string,
    filter: LetterFilter,
  ) => Promise<readonly { readonly reason: string; readonly count: number }[]>
  readonly deadLetter: (tenantId: string, id: string) => Promise<LetterRecord | null>
  readonly replayDeadLetters: (
    tenantId: string,
    ids: readonly string[],
    by: string,
  ) => Promise<readonly ReplayedRecord[]>
  readonly status: (tenantId: string) => Promise<StatusRecord>
  readonly onStatus: Listen<void>
  readonly chartDelay: () => ChartDelayRecord
  /** Says something the viewer did; resolves when durable and readable. */
  readonly sayFeedback: (event: StoredEvent) => Promise<void>
}
