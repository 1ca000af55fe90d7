/**
 * Reports as they were known at an instant, beside those of now: a scope that says `knownAt` is answered from a warehouse
 * that shows what was there then. A few of them stay open for the next question.
 */
import { refusals } from '#app/errors.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'
import { type Analytics, createAnalytics } from '#metrics/analytics.ts'
import type { Provenance } from '#metrics/provenance.ts'
import type { Asked, ReportName } from '#metrics/reports.ts'
import type { Scope } from '#metrics/scope.ts'
import { type KnownAt, openKnownAt } from '#pipelines/known-at.ts'
import type { Warehouse } from '#storage/warehouse/warehouse.ts'

export type KnownReports = Analytics & { close(): Promise<void> }
type Held = {
  readonly opening: Promise<{ known: KnownAt; reports: Analytics }>
  asking: number
  usedAt: number
}

/** Open at once; one that nobody has asked for so long is closed. */
const MOST_OPEN = 3
const IDLE_MS = 5 * 60_000
/** Views that are built for a question at once: some tens of seconds of work. */
const MOST_VIEWS = 50_000

export function createKnownReports(ports: {
  readonly now: Analytics
  readonly warehouse: Warehouse
  readonly watermarkAt: () => number
  readonly clock: Clock
  readonly log: Log
}): KnownReports {
  const { now, warehouse, watermarkAt, clock, log } = ports
  const held = new Map<string, Held>()

  const drop = async (name: string): Promise<void> => {
    const one = held.get(name)
    held.delete(name)
    const { known } = (await one?.opening.catch(() => undefined)) ?? {}
    await known
      ?.close()
      .catch((error: unknown) => log.warn({ err: error }, 'what was known could not be dropped'))
  }
  const dropIdle = async (): Promise<void> => {
    for (const [name, { asking, usedAt }] of held)
      if (asking === 0 && clock.now() - usedAt > IDLE_MS) await drop(name)
  }
  const timer = setInterval(() => void dropIdle(), IDLE_MS / 5)
  timer.unref()

  const makeRoom = async (): Promise<void> => {
    if (held.size < MOST_OPEN) return
    const idle = [...held].filter(([, { asking }]) => asking === 0)
    const [oldest] = idle.sort(([, a], [, b]) => a.usedAt - b.usedAt)
    if (oldest === undefined) throw new Refusal(refusals.historyBusy, 'Other moments are being looked at.')
    await drop(oldest[0])
  }
  const open = async (tenantId: string, at: number) => {
    const known = await openKnownAt({ warehouse, tenantId, at, copies: true, most: MOST_VIEWS })
    const reports = createAnalytics({
      warehouse: known.warehouse,
      clock: { now: () => at },
      watermarkAt: () => at,
    })
    return { known, reports }
  }
  const ask = async <T>(
    tenantId: string,
    at: number,
    question: (reports: Analytics) => Promise<T>,
  ): Promise<T> => {
    if (!(at > 0 && at <= watermarkAt())) {
      throw new Refusal(refusals.notYetKnown, 'What is received until then is not all in the figures.')
    }
    const name = JSON.stringify([tenantId, at])
    if (!held.has(name)) {
      await makeRoom()
      if (!held.has(name)) {
        const opening = open(tenantId, at)
        held.set(name, { opening, asking: 0, usedAt: clock.now() })
        opening.catch(() => held.delete(name))
      }
    }
    const one = held.get(name) as Held
    one.asking++
    try {
      return await question((await one.opening).reports)
    } finally {
      one.asking--
      one.usedAt = clock.now()
    }
  }
  const then = (name: keyof Analytics, { knownAt = 0, ...scope }: Scope, rest: readonly unknown[]) =>
    ask(scope.tenantId, knownAt, (reports) =>
      (reports[name] as (...of: unknown[]) => Promise<unknown>)(scope, ...rest),
    )
  /** The same questions, each answered as of the scope's instant. */
  const answers = Object.fromEntries(
    (Object.keys(now) as (keyof Analytics)[]).map((name) => [
      name,
      (scope: Scope, ...rest: unknown[]) =>
        scope.knownAt === undefined
          ? (now[name] as (...of: unknown[]) => Promise<unknown>)(scope, ...rest)
          : then(name, scope, rest),
    ]),
  ) as unknown as Analytics
  /** Its words are those of now; what it counts and computes again is asked of then. */
  const provenanceThen = (report: ReportName, asked: Asked, of: string | null): Provenance => {
    const { knownAt = 0, ...scope } = asked.scope
    const told = { ...asked, scope }
    const words = now.provenance(report, told, of)
    const again = <T>(question: (one: Provenance) => Promise<T>): Promise<T> =>
      ask(scope.tenantId, knownAt, (reports) => question(reports.provenance(report, told, of)))
    const as = `As known at ${new Date(knownAt).toISOString()}: asked of the events received before, and of the views they make.`
    return {
      ...words,
      after: [as, words.after].filter((text) => text !== null).join(' '),
      looked: () => again((one) => one.looked()),
      repeatedEvents: () => again((one) => one.repeatedEvents()),
      again: () => again((one) => one.again()),
    }
  }
  return {
    ...answers,
    moment: now.moment,
    provenance: (report, asked, of) =>
      asked.scope.knownAt === undefined
        ? now.provenance(report, asked, of)
        : provenanceThen(report, asked, of),
    close: async () => {
      clearInterval(timer)
      for (const name of held.keys()) await drop(name)
    },
  }
}
