/** The creator's work on titles: edit, remove and take back, and the transcode job with its steps. */
import type { Builder, Enums } from '#api/builder.ts'
import { defineCaptions } from '#api/captions.ts'
import type { Context } from '#api/context.ts'
import type { JobRecord, Listen } from '#api/ports.ts'
import { subscribe } from '#api/subscribe.ts'
import { checkedDescription, checkedGenres, checkedName } from '#api/title-words.ts'
import { ownTitle, type TitleRef } from '#api/titles.ts'
import { defineUploadTickets } from '#api/upload-tickets.ts'

export function defineMediaJob(builder: Builder, enums: Enums) {
  const Rendition = builder.objectRef<JobRecord['renditions'][number]>('Rendition').implement({
    fields: (t) => ({
      heightPx: t.exposeInt('heightPx'),
      bitrateKbps: t.exposeInt('bitrateKbps'),
      state: t.exposeString('state'),
    }),
  })
  const Failure = builder.objectRef<NonNullable<JobRecord['failure']>>('Failure').implement({
    fields: (t) => ({
      code: t.exposeString('code'),
      message: t.exposeString('message'),
      fix: t.exposeString('fix'),
    }),
  })
  return builder.objectRef<JobRecord>('MediaJob').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      state: t.expose('state', { type: enums.JobState }),
      progress: t.exposeFloat('progress', { description: '0 to 1 over the whole job.' }),
      step: t.exposeString('step', { description: 'What happens now, in words.' }),
      renditions: t.field({ type: [Rendition], resolve: (job) => [...job.renditions] }),
      encoder: t.exposeString('encoder', { nullable: true }),
      failure: t.expose('failure', { type: Failure, nullable: true }),
      retriable: t.exposeBoolean('retriable', {
        description: 'It failed, and its source is still here: `retryTranscode` begins it again.',
      }),
      updatedAt: t.expose('updatedAt', { type: 'Instant' }),
    }),
  })
}
export type MediaJobRef = ReturnType<typeof defineMediaJob>

export function defineUploads(builder: Builder, Title: TitleRef, MediaJob: MediaJobRef) {
  builder.objectField(Title, 'job', (t) =>
    t.field({
      type: MediaJob,
      nullable: true,
      description: 'The latest transcode job; for its creator.',
      resolve: (title, _, { caller, ports }) =>
        caller.creatorId === title.creatorId ? ports.job(title.tenantId, title.id) : null,
    }),
  )
  defineUploadTickets(builder, Title)
  defineCaptions(builder, Title)
  defineEdits(builder, Title)
  builder.subscriptionFields((t) => ({
    mediaJob: t.field({
      type: MediaJob,
      description: 'The transcode job of a title, step by step.',
      args: { titleId: t.arg.id({ required: true }) },
      subscribe: async (_, { titleId }, context) => {
        await ownTitle(context, titleId)
        return watchJob(context, titleId)
      },
      resolve: (job) => job as JobRecord,
    }),
  }))
}

/** Ends with the job. Whoever has it tried again asks anew: an open connection per ended job would use up a browser's. */
async function* watchJob({ ports, caller }: Context, titleId: string): AsyncGenerator<JobRecord> {
  const jobs = subscribe({
    listen: ports.onJob(caller.tenantId, titleId) as Listen<unknown>,
    read: () => ports.job(caller.tenantId, titleId),
    paceMs: 250,
    everyMs: 5000,
  })
  for await (const job of jobs) {
    if (job === null) continue
    yield job
    if (job.state === 'done' || job.state === 'failed') return
  }
}

function defineEdits(builder: Builder, Title: TitleRef) {
  const UpdateTitleInput = builder.inputType('UpdateTitleInput', {
    fields: (t) => ({
      name: t.string(),
      description: t.string(),
      genres: t.field({ type: ['String'] }),
      ageRating: t.string(),
      published: t.boolean(),
    }),
  })
  builder.mutationFields((t) => {
    const id = t.arg.id({ required: true })
    return {
      updateTitle: t.field({
        type: Title,
        args: { id, input: t.arg({ type: UpdateTitleInput, required: true }) },
        resolve: async (_, { id, input }, context) => {
          const title = await ownTitle(context, id)
          const { name, description, genres, ageRating, published } = input
          return context.ports.updateTitle(title.tenantId, title.id, {
            ...(name == null ? {} : { name: checkedName(name) }),
            ...(description == null ? {} : { description: checkedDescription(description) }),
            ...(genres == null ? {} : { genres: checkedGenres(genres) }),
            ...(ageRating == null ? {} : { ageRating: ageRating.slice(0, 10) }),
            ...(published == null ? {} : { publishedAt: published ? context.ports.now() : null }),
          })
        },
      }),
      removeTitle: t.field({
        type: Title,
        args: { id },
        resolve: async (_, { id }, context) => {
          const title = await ownTitle(context, id)
          return context.ports.removeTitle(title.tenantId, title.id)
        },
      }),
      restoreTitle: t.field({
        type: Title,
        args: { id },
        resolve: async (_, { id }, context) => {
          const title = await ownTitle(context, id)
          return context.ports.restoreTitle(title.tenantId, title.id)
        },
      }),
      retryTranscode: t.field({
        type: Title,
        args: { titleId: id },
        resolve: async (_, { titleId }, context) => {
          const title = await ownTitle(context, titleId)
          await context.ports.retryTranscode(title.tenantId, title.id)
          return ownTitle(context, titleId)
        },
      }),
    }
  })
}
