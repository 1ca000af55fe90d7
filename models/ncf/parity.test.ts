import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeIndex } from '#models/artifact.ts'
import { plantWorld } from '#models/evaluate/planted.ts'
import type { NeumfWeights } from '#models/kernels/prepare.ts'
import { exportNcf } from '#models/ncf/export.ts'
import { fitNcf, NCF_DEFAULTS } from '#models/ncf/fit.ts'
import { checkExport } from '#models/ncf/parity.ts'
import { findNeighbours } from '#models/neighbours.ts'

const { interactions } = plantWorld({ viewers: 150, titles: 90, tastes: 3, plays: 3000, seed: 3 })
const settings = { ...NCF_DEFAULTS, epochs: 5 }
const { viewers, titles } = interactions
const index = writeIndex({ viewers, titles, neighbours: findNeighbours(interactions), knowsUntil: 0 })
const fitted = await fitNcf({ interactions, settings, seed: 3, threads: 1 })
const trained = fitted.neumf()

test('what was exported scores as what was trained, to 1e-5', async () => {
  const apart = await checkExport({ onnx: exportNcf(trained, settings), index }, fitted.scores, 1)
  assert.ok(apart > 0 && apart <= 1e-5, String(apart))
})

const spoiled = (name: keyof NeumfWeights, at: number, by: (value: number) => number): Uint8Array => {
  const copy = { ...trained, [name]: trained[name].slice() }
  copy[name][at] = by(copy[name][at] as number)
  return exportNcf(copy, settings)
}

test('one spoiled weight is caught: of a title, of a layer, one that is no number', async () => {
  const lastBias = trained.dense.length - 4
  for (const onnx of [
    spoiled('titleRows', 2 * settings.width * 41 + 3, (value) => value + 0.01),
    spoiled('dense', lastBias, (value) => value + 1e-3),
    spoiled('dense', 0, () => Number.NaN),
  ]) {
    await assert.rejects(checkExport({ onnx, index }, fitted.scores, 1), { code: 'SV_EXPORT_DIFFERS' })
  }
})

test('rows in another order than the index are caught', async () => {
  const turned = { ...trained, viewerRows: trained.viewerRows.slice() }
  const row = 2 * settings.width
  for (let viewer = 0; viewer < viewers.length; viewer++)
    turned.viewerRows.set(
      trained.viewerRows.subarray(viewer * row, (viewer + 1) * row),
      (viewers.length - 1 - viewer) * row,
    )
  await assert.rejects(checkExport({ onnx: exportNcf(turned, settings), index }, fitted.scores, 1), {
    code: 'SV_EXPORT_DIFFERS',
  })
})
