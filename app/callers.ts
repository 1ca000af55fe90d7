/** Who asks over HTTP: the person behind the session cookie, and whether whoever asks may watch the whole platform. */
import type { FastifyRequest } from 'fastify'
import type { Caller } from '#api/ports.ts'
import { createRemembered } from '#app/remembered.ts'
import { DEMO_TENANT } from '#app/tenants.ts'
import type { Clock } from '#base/clock.ts'

const SESSION = /(?:^|;\s*)sv_session=([^;]+)/
const visitor: Caller = {
  tenantId: DEMO_TENANT,
  person: null,
  roles: [],
  viewerKey: null,
  kids: false,
  creatorId: null,
}
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
const FORWARDING = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
]

export type Callers = {
  /** A visitor when the cookie is nobody's. */
  of(cookie: string | undefined): Promise<Caller>
  /** Operators, and programs on this machine whose request came through no proxy. */
  mayWatch(request: Pick<FastifyRequest, 'headers' | 'socket'>): Promise<boolean>
}

export function createCallers(readSession: (token: string) => Promise<Caller | null>, clock: Clock): Callers {
  const remembered = createRemembered({ load: readSession, clock, forMs: 5000 })
  const of = async (cookie: string | undefined): Promise<Caller> => {
    const token = SESSION.exec(cookie ?? '')?.[1]
    return (token === undefined ? null : await remembered.get(token)) ?? visitor
  }
  return {
    of,
    mayWatch: async ({ headers, socket }) =>
      (LOOPBACK.test(socket.remoteAddress ?? '') &&
        FORWARDING.every((name) => headers[name] === undefined)) ||
      (await of(headers.cookie)).roles.includes('operator'),
  }
}
