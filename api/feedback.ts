/** What viewers tell us: ratings, lists, "not interested". Said as events; read back from the online store. */
import type { Builder } from '#api/builder.ts'
import { type Context, demandViewer } from '#api/context.ts'
import { refusals } from '#api/errors.ts'
import type { TitleRecord } from '#api/ports.ts'
import { type TitleRef, visibleTitle } from '#api/titles.ts'
import { Refusal } from '#base/refusal.ts'
import type { EventDefinition } from '#events/define.ts'
import { listAdded, listRemoved, ratingGiven, titleDismissed, titleRestored } from '#events/feedback.ts'
import { serverEvent } from '#events/registry.ts'

async function say(
  context: Context,
  titleId: string,
  definition: EventDefinition,
  fields: Record<string, unknown> = {},
): Promise<TitleRecord> {
  const viewerKey = demandViewer(context.caller)
  const title = await visibleTitle(context, titleId)
  const { ports, caller } = context
  const data = { tenantId: caller.tenantId, viewerKey, titleId, ...fields }
  await ports.sayFeedback(serverEvent(definition, ports.now(), ports.newId(), data))
  context.forgetViewerState()
  return title
}

const asDefinition = (definition: unknown): EventDefinition => definition as EventDefinition

export function defineFeedback(builder: Builder, Title: TitleRef) {
  builder.mutationFields((t) => ({
    rateTitle: t.field({
      type: Title,
      args: { titleId: t.arg.id({ required: true }), stars: t.arg.int({ required: true }) },
      resolve: (_, { titleId, stars }, context) => {
        if (stars < 0 || stars > 5) {
          throw new Refusal(refusals.badInput, `stars is ${stars}; it must be 1 to 5, or 0 to take it back.`)
        }
        return say(context, titleId, asDefinition(ratingGiven), { stars })
      },
    }),
    setInMyList: t.field({
      type: Title,
      args: { titleId: t.arg.id({ required: true }), inMyList: t.arg.boolean({ required: true }) },
      resolve: (_, { titleId, inMyList }, context) =>
        say(context, titleId, asDefinition(inMyList ? listAdded : listRemoved)),
    }),
    setDismissed: t.field({
      type: Title,
      args: {
        titleId: t.arg.id({ required: true }),
        dismissed: t.arg.boolean({ required: true }),
        slateId: t.arg.id(),
      },
      resolve: (_, { titleId, dismissed }, context) =>
        say(context, titleId, asDefinition(dismissed ? titleDismissed : titleRestored)),
    }),
  }))
}
