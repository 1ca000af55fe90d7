/** The kinds of models there are, by name: what `train --model` takes. */
import { Refusal } from '#base/refusal.ts'
import { als } from '#models/als/als.ts'
import { ease } from '#models/ease/ease.ts'
import { refusals } from '#models/errors.ts'
import { itemKnn } from '#models/item-knn/item-knn.ts'
import type { ModelKind } from '#models/model.ts'
import type { NcfEngine } from '#models/ncf/engine.ts'
import { gmf, mlp, ncf, ncfOn } from '#models/ncf/fit.ts'
import { bpr } from '#models/pairs/pairs.ts'

export const KINDS: readonly ModelKind<object>[] = [ncf, gmf, mlp, ease, als, bpr, itemKnn]

/** Refuses a name that is none of them. NCF learns on the engine where one is given. */
export function kindNamed(name: string, engine?: NcfEngine): ModelKind<object> {
  const kind = KINDS.find((one) => one.name === name)
  if (kind === undefined) {
    const names = KINDS.map((one) => one.name).join(', ')
    throw new Refusal(refusals.kindUnknown, `There is no kind of model ${name}. There are: ${names}.`)
  }
  return kind === ncf && engine !== undefined ? ncfOn(engine) : kind
}
