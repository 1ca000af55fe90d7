/** What creators' figures may not have seen, as API types: players' reports beside what the platform itself delivered. */
import type { Builder } from '#api/builder.ts'
import type { WithAsked } from '#api/provenance.ts'
import type { Estimate, Witnesses } from '#metrics/witnesses.ts'

export function defineWitnesses(builder: Builder) {
  const Estimated = builder.objectRef<Estimate>('Estimate').implement({
    description: 'A number that was not counted, and the 95 % interval it lies in.',
    fields: (t) => ({
      value: t.exposeFloat('value'),
      low: t.exposeFloat('low'),
      high: t.exposeFloat('high'),
    }),
  })
  const State = builder.enumType('WitnessState', {
    values: {
      none: { description: 'No video was delivered here in the period: there is nothing to compare with.' },
      unnamed: { description: 'Players did not say whose their requests were.' },
      elsewhere: {
        description: 'Most plays got their video elsewhere, or from caches: views are not estimated.',
      },
      compared: { description: 'Reports and deliveries were held against each other.' },
    },
  })
  return builder.objectRef<Witnesses & WithAsked>('Witnesses').implement({
    description: 'What the figures may not have seen. Formulas and rules: docs/metrics.md.',
    fields: (t) => ({
      state: t.field({ type: State, resolve: ({ state }) => state }),
      measuredViews: t.exposeInt('measuredViews', { description: 'Views as reported: the figure `views`.' }),
      estimatedViews: t.field({
        type: Estimated,
        nullable: true,
        description: 'Views there probably were.',
        resolve: ({ estimatedViews }) => estimatedViews,
      }),
      originViews: t.exposeInt('originViews', { description: 'Views the platform delivered video to.' }),
      blockedViews: t.exposeInt('blockedViews', { description: 'Those of which no report ever came.' }),
      blockedPercent: t.field({
        type: Estimated,
        nullable: true,
        resolve: ({ blockedPercent }) => blockedPercent,
      }),
      lostEvents: t.exposeFloat('lostEvents', {
        description: "Reports missing from the players' own counts.",
      }),
      eventLossPercent: t.field({
        type: Estimated,
        nullable: true,
        resolve: ({ eventLossPercent }) => eventLossPercent,
      }),
      flaggedViews: t.exposeInt('flaggedViews', {
        description:
          'Views that report far more content than was ever sent to their viewer. They stay in the figures.',
      }),
      reportedOnlyPlays: t.exposeInt('reportedOnlyPlays', {
        description: 'Plays nothing was delivered to by name.',
      }),
      unnamedPercent: t.exposeFloat('unnamedPercent', {
        nullable: true,
        description: 'Of the video delivered, what went to players that give no name.',
      }),
      deliveredMs: t.exposeFloat('deliveredMs', {
        description: 'Content delivered to players that also reported, each part once.',
      }),
      reportedMs: t.exposeFloat('reportedMs', { description: 'Content those players say was watched.' }),
    }),
  })
}
