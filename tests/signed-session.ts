/** The right to report views on a platform without titles. */
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { readSecret } from '#domains/identity/index.ts'
import { createTokens } from '#domains/identity/tokens.ts'
import { createClient, type Platform } from '#tests/browser/platform.ts'
import type { Session } from '#tests/views.ts'

/** Signed as the platform would: an empty one has no title to press play on. */
export async function signSession({ url, dataDir }: Pick<Platform, 'url' | 'dataDir'>): Promise<Session> {
  const tokens = createTokens(readSecret(path.join(dataDir, 'secret')), systemClock, 0)
  const { me } = await (await createClient(url)).ask<{
    me: { writeKey: string; tenant: { id: string } }
  }>('{ me { writeKey tenant { id } } }')
  const issuedAt = Date.now() - 60_000
  const token = await tokens.issueGrant({
    kind: 'play',
    playId: 'play',
    tenantId: me.tenant.id,
    titleId: 'title',
    viewerKey: 'v',
    kids: false,
    recommendationId: null,
    issuedAt,
    expiresAt: issuedAt + 3_600_000,
  })
  return { token, writeKey: me.writeKey }
}
