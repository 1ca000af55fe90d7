/** The creator's work on titles: upload, edit, remove and take back, and the transcode job with its steps. */
import type { Builder, Enums } from '#api/builder.ts'
import { type Context, demandCreator } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import type { JobRecord, TitleRecord } from '#api/ports.ts'
import { subscribe } from '#api/subscribe.ts'
import { ownTitle, type TitleRef } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'

const NAME_MAX = 200

function checkedName(name: string): string {
  const trimmed = name.trim()
  if (trimmed.length === 0) throw new Refusal(refusals.badInput, 'name is empty.')
  if (trimmed.length > NAME_MAX)
    throw new Refusal(refusals.badInput, `name is longer than ${NAME_MAX} characters.`)
  return trimmed
}

function checkedDescription(text: string): string {
  if (text.length > 5000) throw new Refusal(refusals.badInput, 'description is longer than 5000 characters.')
  return text
}

function checkedGenres(genres: readonly string[]): string[] {
  const clean = [
    ...new Set(genres.map((genre) => genre.trim().toLowerCase()).filter((genre) => genre !== '')),
  ]
  if (clean.length > 8 || clean.some((genre) => genre.length > 40)) {
    throw new Refusal(refusals.badInput, 'genres: at most 8, each at most 40 characters.')
  }
  return clean
}

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
  defineCreateUpload(builder, Title)
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

async function* watchJob({ ports, caller }: Context, titleId: string): AsyncGenerator<JobRecord> {
  const jobs = subscribe({
    listen: ports.onJob(caller.tenantId, titleId) as never,
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

function defineCreateUpload(builder: Builder, Title: TitleRef) {
  type Ticket = { title: TitleRecord; uploadUrl: string; uploadToken: string; maxBytes: number }
  const UploadTicket = builder.objectRef<Ticket>('UploadTicket').implement({
    fields: (t) => ({
      title: t.expose('title', { type: Title }),
      uploadUrl: t.exposeString('uploadUrl'),
      uploadToken: t.exposeString('uploadToken'),
      maxBytes: t.exposeFloat('maxBytes'),
    }),
  })
  const CreateUploadInput = builder.inputType('CreateUploadInput', {
    fields: (t) => ({
      name: t.string({ required: true }),
      description: t.string(),
      genres: t.field({ type: ['String'] }),
      fileName: t.string({ required: true }),
      sizeBytes: t.float({ required: true }),
    }),
  })
  builder.mutationFields((t) => ({
    createUpload: t.field({
      type: UploadTicket,
      description: 'Makes a draft and an address to upload its source to (tus).',
      args: { input: t.arg({ type: CreateUploadInput, required: true }) },
      resolve: async (_, { input }, { ports, caller }) => {
        const creatorId = demandCreator(caller)
        const title = await ports.createTitle(caller.tenantId, {
          creatorId,
          name: checkedName(input.name),
          description: checkedDescription(input.description ?? ''),
          genres: checkedGenres(input.genres ?? []),
        })
        try {
          const ticket = await ports.createUpload(caller.tenantId, title.id, input.fileName, input.sizeBytes)
          return { title, ...ticket }
        } catch (error) {
          await ports.removeTitle(caller.tenantId, title.id)
          throw error
        }
      },
    }),
  }))
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
