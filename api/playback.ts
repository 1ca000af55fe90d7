/** Opening a view of a title: where to play it from, and the token its events carry. */
import type { Builder } from '#api/builder.ts'
import type { Context } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import type { Role, Sources, TitleRecord } from '#api/ports.ts'
import { isOwn, type TitleRef, visibleTitle } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'

const PLAY_TOKEN_MS = 12 * 3_600_000
/** Whose views are those of people who work for the tenant. */
const STAFF: ReadonlySet<Role> = new Set(['creator', 'operator'])

type Session = {
  id: string
  title: TitleRecord
  sources: Sources
  resumeMs: number
  token: string
  writeKey: string
}

async function openSession(
  context: Context,
  titleId: string,
  recommendationId: string | null,
): Promise<Session> {
  const { ports, caller } = context
  const title = await visibleTitle(context, titleId)
  const sources = title.status === 'simulated' ? null : await ports.sources(title.tenantId, title.id)
  if (sources === null) throw new Refusal(refusals.notPlayable, `“${title.name}” cannot be played.`)
  const id = ports.newId()
  const issuedAt = ports.now()
  const token = await ports.issueGrant({
    kind: 'play',
    playId: id,
    tenantId: caller.tenantId,
    titleId,
    viewerKey: caller.viewerKey,
    kids: caller.kids,
    recommendationId,
    own: isOwn(title, context),
    staff: caller.roles.some((role) => STAFF.has(role)),
    issuedAt,
    expiresAt: issuedAt + PLAY_TOKEN_MS,
  })
  const left = (await context.viewerState()).history.get(titleId)
  const resumeMs = left === undefined || left.completed ? 0 : left.positionMs
  return { id, title, sources, resumeMs, token, writeKey: await ports.writeKeyOf(caller.tenantId) }
}

export function definePlayback(builder: Builder, Title: TitleRef) {
  const Caption = builder.objectRef<Sources['captions'][number]>('Caption').implement({
    fields: (t) => ({
      language: t.exposeString('language'),
      label: t.exposeString('label'),
      url: t.exposeString('url'),
    }),
  })
  const PlaySession = builder.objectRef<Session>('PlaySession').implement({
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'Names the view: players that are not ours give it as their CMCD session id.',
      }),
      title: t.expose('title', { type: Title }),
      hlsUrl: t.string({ resolve: ({ sources }) => sources.hlsUrl }),
      dashUrl: t.string({ resolve: ({ sources }) => sources.dashUrl }),
      posterUrl: t.string({ resolve: ({ sources }) => sources.posterUrl }),
      storyboardUrl: t.string({
        nullable: true,
        description: 'WebVTT of storyboard cues; null while it is being made.',
        resolve: ({ sources }) => sources.storyboardUrl,
      }),
      captions: t.field({ type: [Caption], resolve: ({ sources }) => [...sources.captions] }),
      resumeMs: t.exposeInt('resumeMs'),
      eventsUrl: t.string({ resolve: () => '/events' }),
      cmcdUrl: t.string({
        description:
          'CMCD v2 event target for players that are not ours, with the token in it; absolute where PUBLIC_URL is set.',
        resolve: ({ token }, _, { ports }) => `${ports.publicUrl ?? ''}/cmcd/${token}`,
      }),
      token: t.exposeString('token'),
      writeKey: t.exposeString('writeKey'),
    }),
  })
  builder.mutationFields((t) => ({
    createPlaySession: t.field({
      type: PlaySession,
      description: 'Opens a view of a title: addresses to play from, and the token its events carry.',
      args: { titleId: t.arg.id({ required: true }), recommendationId: t.arg.id() },
      resolve: (_, { titleId, recommendationId }, context) =>
        openSession(context, titleId, recommendationId?.slice(0, 64) ?? null),
    }),
  }))
}
