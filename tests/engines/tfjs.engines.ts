/**
 * NeuMF by TensorFlow.js on TensorFlow, and on a GPU where one is: there NVIDIA_TF32_OVERRIDE=0 has to be set, as
 * `npm run test:gpu` does, because products of 10-bit mantissas are not near enough.
 */
import { TENSORFLOW_PACKAGES } from '#models/ncf/tensorflow.ts'
import { tfjsSuite } from '#models/ncf/tfjs.suite.ts'
import { installTensorFlow } from '#scripts/engines/tensorflow.ts'

const packages = TENSORFLOW_PACKAGES.filter((name) => name !== '@tensorflow/tfjs')
tfjsSuite(await installTensorFlow(packages), { packages })
