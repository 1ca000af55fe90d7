/** What a bearer may say at the collector's door. Signed elsewhere; the collector only reads it. */

type Common = {
  readonly tenantId: string
  /** Epoch ms. Events whose own time lies outside [issuedAt - skew, expiresAt] are refused. */
  readonly issuedAt: number
  readonly expiresAt: number
}

export type PlayGrant = Common & {
  readonly kind: 'play'
  /** The play session the grant was made for. */
  readonly playId: string
  readonly titleId: string
  readonly viewerKey: string | null
  readonly kids: boolean
  readonly recommendationId: string | null
  /** The viewer is the creator of the title. */
  readonly own?: boolean
  /** The viewer is a creator or an operator of the tenant. */
  readonly staff?: boolean
}
export type ViewerGrant = Common & { readonly kind: 'viewer'; readonly viewerKey: string }
/** Trusted history: may set every field, `receivedAt` too. Never given to a browser. */
export type ImportGrant = Common & { readonly kind: 'import' }

export type Grant = PlayGrant | ViewerGrant | ImportGrant

/** Null when the token is not ours, was changed, or has run out for good (expiry + the late window). */
export type ReadGrant = (token: string) => Promise<Grant | null>
export type IssueGrant = (grant: Grant) => Promise<string>
