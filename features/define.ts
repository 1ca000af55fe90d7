/**
 * The vocabulary of online features. One definition says what is kept, which events change it and how; the same
 * fold runs live and in replay. A fold must not care about order or repetition: the same events as a set give the
 * same state.
 */
import type { StoredEvent, StreamDefinition } from '#events/define.ts'
import type { Json, OnlineStore } from '#storage/online-store/online-store.ts'

export type FeatureFacts = {
  /** Length of the title the event is about; null while nobody knows it. */
  readonly durationMs: number | null
}

export type Feature<S> = {
  /** Space of the online store. */
  readonly space: string
  readonly description: string
  readonly streams: readonly StreamDefinition[]
  /** Which row the event is about; null when the feature has no use for it. */
  keyOf(event: StoredEvent): { readonly entity: string; readonly item: string } | null
  /** The state with the event counted in; the same object when it changes nothing. */
  fold(state: S | null, event: StoredEvent, facts: FeatureFacts): S
  /** When the state was last touched, in event time. */
  atOf(state: S): number
}

/** Declares a feature. Its state must be JSON. */
export function defineFeature<S extends { readonly [field: string]: Json }>(feature: Feature<S>): Feature<S> {
  return feature
}

/** All rows of one entity, by item. */
export async function readFeature<S>(
  online: OnlineStore,
  feature: Feature<S>,
  tenantId: string,
  entity: string,
): Promise<ReadonlyMap<string, S>> {
  const rows = await online.list(feature.space, tenantId, entity)
  return new Map(rows.map(({ item, value }) => [item, value as S]))
}
