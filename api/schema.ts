/** The whole schema, subject by subject. `api/schema.graphql` is its committed print. */
import type { GraphQLSchema } from 'graphql'
import { createBuilder, createEnums } from '#api/builder.ts'
import { defineFeedback } from '#api/feedback.ts'
import { defineModels } from '#api/models.ts'
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
  const Title = defineTitleRef(builder)
  const Creator = defineCreator(builder)
  const Connection = defineTitles(builder, enums, Title, Creator)
  definePeople(builder, enums)
  defineRecommendations(builder, Title)
  definePlayback(builder, Title)
  defineFeedback(builder, Title)
  defineUploads(builder, Title, defineMediaJob(builder, enums))
  defineStudio(builder, enums, { Title, Creator, Connection })
  defineModels(builder)
  defineStatus(builder)
  return builder.toSchema()
}
