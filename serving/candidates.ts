/**
 * Which titles the model is asked about. Of a small catalogue all. Of a large one those that something cheap speaks for:
 * what is popular, in each genre too, what is new, and what is watched together with what this viewer watched.
 */
import type { Tensor } from 'onnxruntime-node'
import { titlesTensor } from '#models/ncf/session.ts'
import type { Catalogue } from '#serving/catalogue.ts'
import type { Matched } from '#serving/matched.ts'
import type { Popular } from '#serving/popular.ts'
import type { Together } from '#serving/together.ts'
import type { ViewerState } from '#serving/viewer.ts'

/** Catalogue indexes of titles the model knows, and the tensor that asks for their scores. */
export type Candidates = { readonly titles: Int32Array; readonly tensor: Tensor }

/** Up to so many are all asked about: choosing would cost what it saves. */
const ALL = 2000
const POPULAR = 500
const NEW = 200
const PER_GENRE = 60
/** Of the viewer's plays, the latest. */
const PLAYS = 20
const PERSONAL = 1000

const everybodys = new WeakMap<Matched, WeakMap<Popular, Int32Array>>()

export function candidatesFor(options: {
  readonly catalogue: Catalogue
  readonly model: Matched
  readonly popular: Popular
  readonly together: Together
  readonly viewer: ViewerState
}): Candidates {
  const { catalogue, model, popular, together, viewer } = options
  if (model.known.length <= ALL) return { titles: model.known, tensor: model.tensor }
  const common = commonOf(catalogue, model, popular)
  const taken = new Uint8Array(catalogue.titles.length)
  const titles = new Int32Array(common.length + PERSONAL)
  titles.set(common)
  for (const title of common) taken[title] = 1
  let count = common.length
  const take = (title: number): void => {
    if (count === titles.length || taken[title] === 1 || (model.modelTitle[title] as number) < 0) return
    taken[title] = 1
    titles[count++] = title
  }
  for (const { title, meant } of viewer.watched.slice(0, PLAYS)) if (meant) together(title, take)
  for (const { title, stars } of viewer.said.slice(0, PLAYS)) if (stars >= 4) together(title, take)
  const chosen = titles.subarray(0, count)
  return { titles: chosen, tensor: titlesTensor(chosen.map((title) => model.modelTitle[title] as number)) }
}

/** What is chosen for everybody, once for each pair of model and popularity. */
function commonOf(catalogue: Catalogue, model: Matched, popular: Popular): Int32Array {
  let byPopular = everybodys.get(model)
  if (byPopular === undefined) everybodys.set(model, (byPopular = new WeakMap()))
  let common = byPopular.get(popular)
  if (common === undefined) {
    const known = (title: number): boolean => (model.modelTitle[title] as number) >= 0
    const lifted = (title: number): number => popular.lifted[title] as number
    const order = model.known.toSorted((a, b) => lifted(b) - lifted(a) || a - b)
    const chosen = new Set(order.subarray(0, POPULAR))
    for (const title of catalogue.newest.filter(known).subarray(0, NEW)) chosen.add(title)
    for (const members of catalogue.byGenre.values()) {
      const best = members.filter(known).sort((a, b) => lifted(b) - lifted(a) || a - b)
      for (const title of best.subarray(0, PER_GENRE)) chosen.add(title)
    }
    byPopular.set(popular, (common = Int32Array.from(chosen)))
  }
  return common
}
