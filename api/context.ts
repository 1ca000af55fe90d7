/** What one request carries through the resolvers: the caller, and the viewer's state read at most once. */
import { refusals } from '#api/errors.ts'
import type { Caller, Ports, Role, ViewerState } from '#api/ports.ts'
import { Refusal } from '#base/refusal.ts'

export type Context = {
  readonly ports: Ports
  readonly caller: Caller
  /** The address the request came from. */
  readonly from: string
  /** The viewer's history and feedback, read on first use. Empty for visitors and kids. */
  viewerState(): Promise<ViewerState>
  /** Forgets what was read, after something the viewer did. */
  forgetViewerState(): void
  /** Sends the session cookie with the answer. */
  setSession(cookie: string): void
}

const nobody: ViewerState = { history: new Map(), feedback: new Map() }

export function createContext(
  ports: Ports,
  caller: Caller,
  from: string,
  setSession: (cookie: string) => void,
): Context {
  let state: Promise<ViewerState> | undefined
  return {
    ports,
    caller,
    from,
    viewerState: () => {
      if (caller.viewerKey === null) return Promise.resolve(nobody)
      state ??= ports.viewerState(caller.tenantId, caller.viewerKey)
      return state
    },
    forgetViewerState: () => {
      state = undefined
    },
    setSession,
  }
}

export function demandRole(caller: Caller, ...roles: Role[]): void {
  if (roles.some((role) => caller.roles.includes(role))) return
  if (caller.person === null) throw new Refusal(refusals.notSignedIn, 'Nobody is signed in.')
  throw new Refusal(refusals.notAllowed, `${caller.person.name} may not do this.`)
}

/** The creator the caller acts for, or a refusal. */
export function demandCreator(caller: Caller): string {
  demandRole(caller, 'creator')
  if (caller.creatorId === null) throw new Refusal(refusals.notAllowed, 'This person has no channel.')
  return caller.creatorId
}

export function demandViewer(caller: Caller): string {
  if (caller.viewerKey === null) {
    throw new Refusal(refusals.notSignedIn, 'Only signed-in adults keep lists and ratings.')
  }
  return caller.viewerKey
}
