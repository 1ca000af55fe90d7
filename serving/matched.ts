/** A model's titles matched to the catalogue's, once for each pair of the two. */
import type { Tensor } from 'onnxruntime-node'
import { type NcfSession, titlesTensor } from '#models/ncf/session.ts'
import type { ActiveModel } from '#serving/active-model.ts'
import type { Catalogue } from '#serving/catalogue.ts'
import { neighboursServed, type Together } from '#serving/together.ts'

export type Matched = {
  readonly name: string
  readonly version: string
  readonly session: NcfSession
  /** By catalogue index: the model's index, -1 for titles it does not know. */
  readonly modelTitle: Int32Array
  readonly together: Together
  /** Catalogue indexes of the titles both know, and the tensor that asks for their scores. */
  readonly known: Int32Array
  readonly tensor: Tensor
}

const cache = new WeakMap<NcfSession, WeakMap<Catalogue, Matched>>()

export function matchModel(model: ActiveModel, catalogue: Catalogue): Matched | null {
  if (model === null) return null
  let byCatalogue = cache.get(model.session)
  if (byCatalogue === undefined) cache.set(model.session, (byCatalogue = new WeakMap()))
  let matched = byCatalogue.get(catalogue)
  if (matched === undefined) byCatalogue.set(catalogue, (matched = match(model, catalogue)))
  return matched
}

function match({ version, session }: NonNullable<ActiveModel>, catalogue: Catalogue): Matched {
  const modelTitle = Int32Array.from(catalogue.titles, ({ id }) => session.titleIndex.get(id) ?? -1)
  const servedTitle = Int32Array.from(session.index.titles, (id) => catalogue.indexOf.get(id) ?? -1)
  const together = neighboursServed(session.index.neighbours, modelTitle, servedTitle)
  const known = Int32Array.from(catalogue.titles.keys()).filter((title) => (modelTitle[title] as number) >= 0)
  return {
    name: version.name,
    version: version.version,
    session,
    modelTitle,
    together,
    known,
    tensor: titlesTensor(known.map((title) => modelTitle[title] as number)),
  }
}
