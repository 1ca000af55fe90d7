/**
 * NeuMF trained by TensorFlow.js: the weights, batches and negatives of the default engine, its steps on a device. The
 * weights lie on the device for an epoch and in the kernels' memory between epochs, where they are judged, kept and
 * scored as ever. Sums run in another order than the kernels', so equal seeds give near weights, not equal bits.
 */
import { assert } from '#base/assert.ts'
import { type Kernels, TITLES, VIEWERS } from '#models/kernels/kernels.ts'
import { type NeumfOptions, type NeumfTrainer, prepareNeumf } from '#models/kernels/prepare.ts'
import { batchOf, paceOf, type Slice } from '#models/kernels/steps.ts'
import type { Tensor, TensorFlow } from '#models/ncf/tensorflow.ts'
import { type Named, type Shape, type Tables, takeStep } from '#models/ncf/tfjs-step.ts'

export async function openTfjsTrainer(options: NeumfOptions, tf: TensorFlow): Promise<NeumfTrainer> {
  const prepared = prepareNeumf({ ...options, threads: 1 })
  const { plan, memory, kernels, state } = prepared
  const shape: Shape = { width: plan.width, layers: plan.layers, parts: plan.parts }
  const viewerExamples = new Int32Array(memory.buffer, kernels.addressOfExamples(VIEWERS), plan.batch)
  const titleExamples = new Int32Array(memory.buffer, kernels.addressOfExamples(TITLES), plan.batch)
  const targets = new Float32Array(memory.buffer, kernels.addressOfTargets(), plan.batch)
  const viewerSlots = new Int32Array(plan.viewers).fill(-1)
  const titleSlots = new Int32Array(plan.titles).fill(-1)

  const drawBatch = (slice: Slice, batch: number) => {
    const { from, count, examples, seed } = batchOf(slice, batch, plan.positives)
    kernels.sample(from, from + count, slice.negatives, seed, 0)
    return {
      viewers: nameRows(viewerExamples.subarray(0, examples), viewerSlots),
      titles: nameRows(titleExamples.subarray(0, examples), titleSlots),
      targets: targets.slice(0, examples),
    }
  }

  return {
    ...prepared,
    epoch: async (onSlice) => {
      let tables = upload(tf, kernels, plan, state.arrays)
      try {
        const loss = await prepared.epoch(async (slice) => {
          const losses: Tensor[] = []
          for (let b = slice.fromBatch; b < slice.toBatch; b++) {
            const { loss: ofBatch, ...moved } = takeStep(
              tf,
              shape,
              tables,
              drawBatch(slice, b),
              paceOf(slice, b),
            )
            losses.push(ofBatch)
            free(tables)
            tables = moved
          }
          return sumUp(tf, losses)
        }, onSlice)
        await download(tables, state.arrays)
        return loss
      } finally {
        free(tables)
      }
    },
    close: async () => {},
  }
}

/** Which rows the examples name, in the order they first come. `slots` is -1 throughout, before and after. */
function nameRows(examples: Int32Array, slots: Int32Array): Named {
  const rows = new Int32Array(examples.length)
  const places = new Int32Array(examples.length)
  let count = 0
  examples.forEach((row, e) => {
    if (slots[row] === -1) {
      rows[count] = row
      slots[row] = count++
    }
    places[e] = slots[row] as number
  })
  for (let k = 0; k < count; k++) slots[rows[k] as number] = -1
  return { rows: rows.slice(0, count), places }
}

function upload(
  tf: TensorFlow,
  kernels: Kernels,
  { viewers, titles, width }: { readonly viewers: number; readonly titles: number; readonly width: number },
  arrays: readonly Float32Array[],
): Tables {
  const [viewerTable, titleTable, dense] = arrays as [Float32Array, Float32Array, Float32Array]
  // Copies: memory that threads could share is not taken by every backend.
  return {
    viewers: tf.tensor(viewerTable.slice(), [viewers, 6 * width], 'float32'),
    titles: tf.tensor(titleTable.slice(), [titles, 6 * width], 'float32'),
    dense: tf.tensor(dense.slice(), [3, kernels.denseCount()], 'float32'),
  }
}

async function download(tables: Tables, arrays: readonly Float32Array[]): Promise<void> {
  const values = await Promise.all([tables.viewers, tables.titles, tables.dense].map((table) => table.data()))
  values.forEach((read, k) => {
    const kept = arrays[k] as Float32Array
    assert(read.length === kept.length, 'the device gives back what it was given')
    kept.set(read)
  })
}

function free(tables: Tables): void {
  for (const table of [tables.viewers, tables.titles, tables.dense]) table.dispose()
}

/** One wait for the device, however many losses. */
async function sumUp(tf: TensorFlow, losses: readonly Tensor[]): Promise<number> {
  const all = tf.tidy(() =>
    tf.concat(
      losses.map((loss) => tf.reshape(loss, [1])),
      0,
    ),
  )
  const values = await all.data()
  for (const loss of [all, ...losses]) loss.dispose()
  return values.reduce((a, b) => a + b, 0)
}
