/** NeuMF by TensorFlow.js in plain JavaScript. */
import { tfjsSuite } from '#models/ncf/tfjs.suite.ts'
import { installTensorFlow } from '#scripts/engines/tensorflow.ts'

const packages = ['@tensorflow/tfjs'] as const
tfjsSuite(await installTensorFlow(packages), { packages })
