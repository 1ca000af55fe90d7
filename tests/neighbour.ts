/**
 * The second tenant of the demo world. The pages show the first one only, so its people get in by a session, and its
 * play sessions are granted, as the platform would: signed with the secret of the data directory.
 */
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { readSecret } from '#domains/identity/index.ts'
import { createTokens } from '#domains/identity/tokens.ts'
import { eventually } from '#tests/browser/browser.ts'
import { type Client, createClient, type Platform } from '#tests/browser/platform.ts'
import type { Session } from '#tests/views.ts'

const TENANT = 'other'
const HOUR_MS = 3_600_000

export type Neighbour = {
  /** Its creator. */
  readonly mads: Client
  /** The right to report a view of a title, with the tenant's real write key. */
  session(titleId: string): Promise<Session>
}

/** Resolves when the neighbour's titles are there. */
export async function openNeighbour({ url, dataDir }: Platform): Promise<Neighbour> {
  const tokens = createTokens(readSecret(path.join(dataDir, 'secret')), systemClock, 0)
  const cookie = `sv_session=${await tokens.issueSession({ tenantId: TENANT, personId: 'mads' })}`
  const mads = await createClient(url, undefined, cookie)
  type Answer = { me: { writeKey: string; tenant: { id: string } }; titles: { totalCount: number } }
  const { me } = await eventually(
    () => mads.ask<Answer>('{ me { writeKey tenant { id } } titles { totalCount } }'),
    ({ me: { tenant }, titles }) => tenant.id === TENANT && titles.totalCount > 0,
    30_000,
  )
  return {
    mads,
    session: async (titleId) => {
      const issuedAt = Date.now() - 60_000
      const token = await tokens.issueGrant({
        kind: 'play',
        playId: `play-${titleId}`,
        tenantId: TENANT,
        titleId,
        viewerKey: 'v_next_door',
        kids: false,
        recommendationId: null,
        issuedAt,
        expiresAt: issuedAt + HOUR_MS,
      })
      return { token, writeKey: me.writeKey }
    },
  }
}
