/** The schema builder all subjects share: context, scalars, and the words of the contract as enums. */
import SchemaBuilder from '@pothos/core'
import type { Context } from '#api/context.ts'
import { LEFT_OUT } from '#metrics/scope.ts'

type Types = {
  Context: Context
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    Instant: { Input: number; Output: number }
  }
}

export const createBuilder = () => {
  const builder = new SchemaBuilder<Types>({
    defaultFieldNullability: false,
  })
  builder.scalarType('Instant', {
    description: 'An instant in epoch milliseconds.',
    serialize: (value) => value,
    parseValue: (value) => Number(value),
  })
  builder.queryType({})
  builder.mutationType({})
  builder.subscriptionType({})
  return builder
}
export type Builder = ReturnType<typeof createBuilder>

export const createEnums = (builder: Builder) => ({
  Role: builder.enumType('Role', { values: ['viewer', 'creator', 'dataScientist', 'operator'] as const }),
  TitleStatus: builder.enumType('TitleStatus', {
    values: ['draft', 'processing', 'ready', 'failed', 'simulated', 'removed'] as const,
  }),
  JobState: builder.enumType('JobState', {
    values: ['uploading', 'probing', 'transcoding', 'packaging', 'done', 'failed'] as const,
  }),
  LeftOut: builder.enumType('LeftOut', {
    description: 'Views that are left out of all figures, and counted beside them, unless they are included.',
    values: LEFT_OUT,
  }),
  Range: builder.enumType('Range', { values: ['hours24', 'days7', 'days28', 'all'] as const }),
})
export type Enums = ReturnType<typeof createEnums>
