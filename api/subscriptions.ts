/** Bounds how many subscriptions one person has open; of visitors, how many one address has. */
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '#api/context.ts'
import { refusals } from '#api/errors.ts'

const RETRY_AFTER_SECONDS = '5'

const holderOf = ({ caller, from }: Context): string =>
  caller.person === null ? `address ${from}` : `${caller.tenantId} ${caller.person.id}`

export function subscriptionsPlugin(most: number): Plugin<Context> {
  const open = new Map<string, number>()
  /** Takes a place; what comes back gives it up, once. */
  const enter = (holder: string): (() => void) => {
    open.set(holder, (open.get(holder) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      const count = (open.get(holder) ?? 1) - 1
      if (count > 0) open.set(holder, count)
      else open.delete(holder)
    }
  }
  return {
    onSubscribe: ({ args }) => {
      const holder = holderOf(args.contextValue as Context)
      if ((open.get(holder) ?? 0) >= most) {
        const { code, fix, status } = refusals.tooManySubscriptions
        throw new GraphQLError(`More than ${most} subscriptions are open.`, {
          extensions: { code, fix, http: { status, headers: { 'retry-after': RETRY_AFTER_SECONDS } } },
        })
      }
      const leave = enter(holder)
      return {
        onSubscribeResult: ({ result }) => {
          if (Symbol.asyncIterator in (result as object)) return { onEnd: leave }
          leave()
          return undefined
        },
        onSubscribeError: leave,
      }
    },
  }
}
