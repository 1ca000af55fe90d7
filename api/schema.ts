/** The whole schema, subject by subject. `api/schema.graphql` is its committed print. */
import type { GraphQLSchema } from 'graphql'
import { createBuilder, createEnums } from '#api/builder.ts'
import { defineChartDelay } from '#api/chart-delay.ts'
import { defineFeedback } from '#api/feedback.ts'
import { defineLedger } from '#api/ledger.ts'
import { defineLetters } from '#api/letters.ts'
import { defineModels } from '#api/models.ts'
import { definePageInfo } from '#api/pages.ts'
import { definePeople } from '#api/people.ts'
import { definePlayback } from '#api/playback.ts'
import { defineRecommendations } from '#api/recommendations.ts'
import { defineStatus } from '#api/status.ts'
import { defineStudio } from '#api/studio.ts'
import { defineCreator, defineTitleRef, defineTitles } from '#api/titles.ts'
import { defineMediaJob, defineUploads } from '#api/uploads.ts'

export function createSchema(): GraphQLSchema {
  const builder = createBuilder()
  const enums = createEnums(builder)
  const PageInfo = definePageInfo(builder)
  const Title = defineTitleRef(builder)
  const Creator = defineCreator(builder)
  const Connection = defineTitles(builder, enums, Title, Creator, PageInfo)
  definePeople(builder, enums)
  defineRecommendations(builder, Title)
  definePlayback(builder, Title)
  defineFeedback(builder, Title)
  defineUploads(builder, Title, defineMediaJob(builder, enums))
  const ChartDelay = defineChartDelay(builder)
  defineStudio(builder, enums, { Title, Creator, Connection, ChartDelay })
  defineModels(builder)
  defineLedger(builder)
  defineLetters(builder, PageInfo)
  defineStatus(builder, ChartDelay)
  return builder.toSchema()
}
