// The words of ONNX's own protobuf schema (schema/onnx_pb.ts, made of onnx.proto of ONNX 1.23.1 by
// protoc-gen-es 2.17.0 with target=ts,import_extension=js): everything that knows how a model is
// laid out in bytes.
import { create, toBinary } from "@bufbuild/protobuf";
import type { Attribute, Value } from "../layers/onnx.js";
import type { Bytes } from "../arrays.js";
import { version } from "../version.js";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./schema/onnx_pb.js";

const dataTypes = { float32: DataType.FLOAT, int64: DataType.INT64 } as const;

type Dtype = keyof typeof dataTypes;

/**
 * The version of the file format: the oldest that has these operators, so that most readers know
 * it.
 */
const irVersion = 8n;

/** What a model is made of. */
export interface Model {
  readonly opset: number;
  readonly nodes: readonly NodeProto[];
  readonly tensors: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  /** Texts under names, for whoever runs it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes of a .onnx file. */
export function encode(description: Model): Bytes {
  const { opset, nodes, tensors, inputs, outputs, metadata } = description;
  const graph = create(GraphProtoSchema, {
    name: "generator",
    node: [...nodes],
    initializer: [...tensors],
    input: [...inputs],
    output: [...outputs],
  });
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: "sparring",
    producerVersion: version(),
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, model);
}

export function node(
  name: string,
  opType: string,
  input: readonly Value[],
  attributes: Readonly<Record<string, Attribute>>,
): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => toAttribute(key, value));
  return create(NodeProtoSchema, { name, opType, input: [...input], output: [name], attribute });
}

function toAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === "string") {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if ("float" in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

export function tensor(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  values: Float32Array | BigInt64Array,
): TensorProto {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const dims = shape.map(BigInt);
  return create(TensorProtoSchema, { name, dataType: dataTypes[dtype], dims, rawData });
}

/** An input or output; a side that is a name is only known when the graph runs. */
export function valueInfo(
  name: string,
  dtype: Dtype,
  shape: readonly (number | string)[],
): ValueInfoProto {
  const dim = shape.map((side) => ({
    value:
      typeof side === "string"
        ? ({ case: "dimParam", value: side } as const)
        : ({ case: "dimValue", value: BigInt(side) } as const),
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: "tensorType", value: { elemType: dataTypes[dtype], shape: { dim } } },
    },
  });
}
