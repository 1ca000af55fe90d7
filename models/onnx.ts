/** Writes ONNX models (opset 17): the few pieces of the format that our exports need. */
import onnxProto from 'onnx-proto'

const { onnx } = onnxProto
const FLOAT = onnx.TensorProto.DataType.FLOAT
const INT64 = onnx.TensorProto.DataType.INT64

const bytesOf = (array: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** A weight of the graph. */
export const weight = (name: string, dims: number[], values: Float32Array | BigInt64Array) =>
  onnx.TensorProto.create({
    name,
    dims,
    dataType: values instanceof Float32Array ? FLOAT : INT64,
    rawData: bytesOf(values),
  })

/** An input or output; a dimension given by name is free. */
export const value = (name: string, type: 'float' | 'int64', dims: (number | string)[]) =>
  onnx.ValueInfoProto.create({
    name,
    type: {
      tensorType: {
        elemType: type === 'float' ? FLOAT : INT64,
        shape: { dim: dims.map((dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })) },
      },
    },
  })

/** One operation; attributes are whole numbers. */
export const operation = (
  opType: string,
  input: string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
) =>
  onnx.NodeProto.create({
    name: output,
    opType,
    input,
    output: [output],
    attribute: Object.entries(attributes).map(([name, i]) => ({
      name,
      i,
      type: onnx.AttributeProto.AttributeType.INT,
    })),
  })

export function writeOnnx(graph: {
  readonly name: string
  readonly inputs: ReturnType<typeof value>[]
  readonly outputs: ReturnType<typeof value>[]
  readonly weights: ReturnType<typeof weight>[]
  readonly operations: ReturnType<typeof operation>[]
}): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    producerName: 'streamverse',
    graph: {
      name: graph.name,
      input: graph.inputs,
      output: graph.outputs,
      initializer: graph.weights,
      node: graph.operations,
    },
  })
  return onnx.ModelProto.encode(model).finish()
}
