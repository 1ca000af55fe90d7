/** Where a creator's file goes: a ticket for a new title or for one that has none that plays, and giving it up. */
import type { Builder } from '#api/builder.ts'
import { type Context, demandCreator } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import type { TitleRecord } from '#api/ports.ts'
import { checkedDescription, checkedGenres, checkedName } from '#api/title-words.ts'
import { ownTitle, type TitleRef } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'

type Ticket = {
  readonly title: TitleRecord
  readonly uploadUrl: string
  readonly uploadToken: string
  readonly maxBytes: number
  readonly expiresAt: number
}
type Wanted = {
  readonly titleId?: string | number | null | undefined
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly genres?: readonly string[] | null | undefined
  readonly fileName: string
  readonly sizeBytes: number
}

export function defineUploadTickets(builder: Builder, Title: TitleRef) {
  const UploadTicket = builder.objectRef<Ticket>('UploadTicket').implement({
    fields: (t) => ({
      title: t.expose('title', { type: Title }),
      uploadUrl: t.exposeString('uploadUrl'),
      uploadToken: t.exposeString('uploadToken'),
      maxBytes: t.exposeFloat('maxBytes'),
      expiresAt: t.expose('expiresAt', {
        type: 'Instant',
        description: 'When an upload that has not ended is given up.',
      }),
    }),
  })
  const CreateUploadInput = builder.inputType('CreateUploadInput', {
    fields: (t) => ({
      titleId: t.id({ description: 'One of your titles, to give it another file; else a draft is made.' }),
      name: t.string({ description: 'Of the draft: needed without `titleId`.' }),
      description: t.string(),
      genres: t.field({ type: ['String'] }),
      fileName: t.string({ required: true }),
      sizeBytes: t.float({ required: true }),
    }),
  })
  builder.mutationFields((t) => ({
    createUpload: t.field({
      type: UploadTicket,
      description: 'An address to upload a source to (tus), for a new draft or for the title named.',
      args: { input: t.arg({ type: CreateUploadInput, required: true }) },
      resolve: (_, { input }, context) =>
        input.titleId == null ? forNewTitle(context, input) : forTitle(context, `${input.titleId}`, input),
    }),
    cancelUpload: t.field({
      type: Title,
      description: 'Gives up an upload that has not ended; a draft that has nothing else is removed.',
      args: { titleId: t.arg.id({ required: true }) },
      resolve: async (_, { titleId }, context) => {
        const title = await ownTitle(context, titleId)
        return context.ports.cancelUpload(title.tenantId, title.id)
      },
    }),
  }))
}

async function forNewTitle({ ports, caller }: Context, input: Wanted): Promise<Ticket> {
  const creatorId = demandCreator(caller)
  const title = await ports.createTitle(caller.tenantId, {
    creatorId,
    name: checkedName(input.name ?? ''),
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
}

async function forTitle(context: Context, titleId: string, input: Wanted): Promise<Ticket> {
  const title = await ownTitle(context, titleId)
  if (title.simulated || title.status === 'removed') {
    throw new Refusal(refusals.badInput, `titleId: a ${title.status} title takes no file.`)
  }
  const ticket = await context.ports.createUpload(title.tenantId, title.id, input.fileName, input.sizeBytes)
  return { title, ...ticket }
}
