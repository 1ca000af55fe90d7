/**
 * What to watch next: the one way in to serving. Titles, model and popularity are in memory and refreshed behind the
 * answers; only what the viewer did and said is read for each page, so that it counts at once.
 */
import { uuidv7 } from '#base/ids.ts'
import type { CoWatched } from '#features/co-watch.ts'
import { POPULARITY } from '#models/popularity/popularity.ts'
import { createActiveModels, modelFor } from '#serving/active-model.ts'
import { buildCatalogue, type Catalogue } from '#serving/catalogue.ts'
import { type Matched, matchModel } from '#serving/matched.ts'
import { openPage } from '#serving/page.ts'
import { matchPopular } from '#serving/popular.ts'
import type { Asker, Row, ServingPorts, Slate, TitleScore } from '#serving/ports.ts'
import { rankFor } from '#serving/rank.ts'
import { createReceipts } from '#serving/receipts.ts'
import { createRefreshed } from '#serving/refreshed.ts'
import { homeRows, likeTitle } from '#serving/rows.ts'
import { matchTogether } from '#serving/together.ts'
import { NOBODY, readViewer } from '#serving/viewer.ts'

export type Serving = {
  /** Rows for a viewer, a visitor or a child. */
  home(asker: Asker): Promise<Slate>
  /** One row of titles like the given one. */
  related(asker: Asker, titleId: string, first?: number): Promise<Slate>
  /** Loads what pages of the tenant need, so that the first one is as good as the next. */
  warm(tenantId: string): Promise<void>
  /** The model viewers of the tenant get, by name and version. */
  modelOf(tenantId: string): Promise<{ name: string; version: string }>
  /** Slates served and not logged, since the start: the log was away for long. */
  droppedReceipts(): number
  close(): Promise<void>
}

const CATALOGUE_EVERY_MS = 60_000
const CATALOGUE_REST_MS = 200
const POPULARITY_EVERY_MS = 30_000
const TOGETHER_EVERY_MS = 300_000

/** Logged where it failed; pages go without until it is there. */
const goWithout = (): void => {}

export function openServing(ports: ServingPorts): Serving {
  const { clock, log } = ports
  const catalogues = createRefreshed<Catalogue>({
    name: 'the catalogue',
    everyMs: CATALOGUE_EVERY_MS,
    restMs: CATALOGUE_REST_MS,
    log,
    load: async (tenantId) => buildCatalogue(await ports.listTitles(tenantId), clock.now()),
  })
  const popularity = createRefreshed<readonly TitleScore[]>({
    name: 'popularity',
    everyMs: POPULARITY_EVERY_MS,
    log,
    load: (tenantId) => ports.popularity(tenantId),
  })
  const together = createRefreshed<readonly CoWatched[]>({
    name: 'what is watched together',
    everyMs: TOGETHER_EVERY_MS,
    log,
    load: async (tenantId, previous) =>
      (await ports.registry.active(tenantId)) === null
        ? ((await ports.coWatched?.(tenantId)) ?? [])
        : (previous ?? []),
  })
  const models = createActiveModels(ports.registry, log)
  const receipts = createReceipts(ports)
  const stopHearing = ports.onTitlesChanged?.((tenantId) => void catalogues.refresh(tenantId))

  const stopFollowing = ports.registry.onChange((tenantId) => {
    void (tenantId === '' ? together.refreshAll() : together.refresh(tenantId))
  })

  const prepare = async (asker: Asker) => {
    const { tenantId, kids = false } = asker
    const [catalogue, active] = await Promise.all([catalogues.get(tenantId), models.get(tenantId)])
    const viewerKey = kids ? null : asker.viewerKey
    const viewer =
      viewerKey === null ? NOBODY : await readViewer(ports.online, catalogue, tenantId, viewerKey)
    const { model: own, experiments } = modelFor(active, viewerKey)
    const model = matchModel(own, catalogue)
    return {
      catalogue,
      model,
      experiments,
      together: model?.together ?? matchTogether(together.peek(tenantId), catalogue),
      popular: matchPopular(popularity.peek(tenantId), catalogue),
      viewerKey,
      viewer,
      page: openPage(catalogue, viewer, kids),
    }
  }
  const serve = (
    asker: Asker,
    surface: 'home' | 'title',
    rows: readonly Row[],
    by: Matched | null,
    { experiments, began }: { readonly experiments: readonly string[]; readonly began: number },
  ): Slate => {
    const { name, version } = by ?? POPULARITY
    const slate = { id: uuidv7(clock.now()), modelName: name, modelVersion: version, rows }
    const drawn = { ...asker, experiments: [...(asker.experiments ?? []), ...experiments] }
    receipts.keep(drawn, surface, slate, performance.now() - began)
    return slate
  }

  return {
    home: async (asker) => {
      const began = performance.now()
      const inputs = await prepare(asker)
      const ranking = await rankFor(inputs)
      const rows = homeRows({ ...inputs, ranking, now: clock.now() })
      const told = { experiments: inputs.experiments, began }
      return serve(asker, 'home', rows, ranking.personal ? inputs.model : null, told)
    },
    related: async (asker, titleId, first = 12) => {
      const began = performance.now()
      const inputs = await prepare(asker)
      const title = inputs.catalogue.indexOf.get(titleId)
      const picks = title === undefined ? [] : likeTitle(inputs, title, first)
      const row = inputs.page.row('related', 'More like this', picks)
      const learned = row.slots.some(({ source }) => source === 'co-watch')
      const told = { experiments: inputs.experiments, began }
      return serve(asker, 'title', [row], learned ? inputs.model : null, told)
    },
    warm: async (tenantId) => {
      await Promise.all([
        catalogues.get(tenantId),
        models.get(tenantId),
        popularity.get(tenantId).catch(goWithout),
        together.get(tenantId).catch(goWithout),
      ])
    },
    modelOf: async (tenantId) => {
      const { champion } = await models.get(tenantId)
      return champion === null
        ? { ...POPULARITY }
        : { name: champion.version.name, version: champion.version.version }
    },
    droppedReceipts: () => receipts.dropped(),
    close: async () => {
      stopHearing?.()
      stopFollowing()
      await Promise.all([catalogues.close(), popularity.close(), together.close()])
      await models.close()
      await receipts.close()
    },
  }
}
