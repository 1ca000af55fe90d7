/** A refusal is an error meant for the person who caused it: a stable code, one sentence, and what to do. */
export type RefusalDefinition = {
  /** `SV_...`, never reused for another meaning. */
  readonly code: string
  /** HTTP status the refusal travels with. */
  readonly status: number
  /** What to do about it, in one sentence. */
  readonly fix: string
}

export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string
  readonly status: number
  readonly fix: string
  constructor(definition: RefusalDefinition, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = definition.code
    this.status = definition.status
    this.fix = definition.fix
  }
}

/** Each folder's `errors.ts` lists its refusals with this; docs/errors.md is kept equal by a test. */
export function defineRefusals<const D extends Record<string, RefusalDefinition>>(definitions: D): D {
  return definitions
}
