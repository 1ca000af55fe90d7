import { test } from 'node:test'
import { findTensorFlow } from '#models/ncf/tensorflow.ts'
import { tfjsSuite } from '#models/ncf/tfjs.suite.ts'

const { found, failures } = await findTensorFlow()
if (found !== null) tfjsSuite(found, {})
else
  test('NeuMF by TensorFlow.js does what the kernels do', {
    skip: failures.join('; ') || 'TensorFlow.js is not installed: scripts/install-gpu.sh',
  })
