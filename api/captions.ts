/** Captions of a title, for its creator: which there are, and to bring and take away one's own. */
import type { Builder } from '#api/builder.ts'
import type { CaptionRecord } from '#api/ports.ts'
import { ownTitle, type TitleRef } from '#api/titles.ts'

export function defineCaptions(builder: Builder, Title: TitleRef) {
  const TitleCaption = builder.objectRef<CaptionRecord>('TitleCaption').implement({
    fields: (t) => ({
      language: t.exposeString('language'),
      label: t.exposeString('label'),
      url: t.exposeString('url'),
      brought: t.exposeBoolean('brought', { description: 'By the creator; else it was in the video file.' }),
    }),
  })
  builder.objectField(Title, 'captions', (t) =>
    t.field({
      type: [TitleCaption],
      description: 'All captions; for its creator. Viewers are told them with the play session.',
      resolve: async (title, _, { caller, ports }) =>
        caller.creatorId === title.creatorId ? [...(await ports.captions(title.tenantId, title.id))] : [],
    }),
  )
  builder.mutationFields((t) => {
    const titleId = t.arg.id({ required: true })
    const language = t.arg.string({ required: true, description: 'A code such as `en` or `pt-BR`.' })
    return {
      putCaptions: t.field({
        type: Title,
        description: 'Captions in a language, in place of those there were. At most 500 kB.',
        args: {
          titleId,
          language,
          text: t.arg.string({ required: true, description: 'A WebVTT or SubRip file.' }),
        },
        resolve: async (_, { titleId, language, text }, context) => {
          const title = await ownTitle(context, titleId)
          await context.ports.putCaption(title.tenantId, title.id, { language, text })
          return title
        },
      }),
      removeCaptions: t.field({
        type: Title,
        description: 'Takes away captions that were brought; those in the video file stay.',
        args: { titleId, language },
        resolve: async (_, { titleId, language }, context) => {
          const title = await ownTitle(context, titleId)
          await context.ports.removeCaption(title.tenantId, title.id, language)
          return title
        },
      }),
    }
  })
}
