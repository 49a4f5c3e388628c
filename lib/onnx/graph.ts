import { refused } from "../errors.js";
import type { ResolvedLayer } from "../layers/layer.js";
import type { Attribute, OnnxWriter, Value } from "../layers/onnx.js";
import { layerKinds } from "../layers/table.js";
import type { TensorData } from "../native.js";
import type { Shape } from "../shape.js";
import { over } from "../weights.js";
import { node, tensor } from "./proto.js";
import type { NodeProto, TensorProto } from "./schema/onnx_pb.js";

/**
 * A graph under construction. Weights keep the keys of the state dict, and only those that a node
 * needs are in it; whatever else a layer adds is named after its path: `conv_blocks.2/Conv`.
 */
export class Graph implements OnnxWriter {
  readonly opset: number;
  readonly labels: Value = "labels";
  readonly nodes: NodeProto[] = [];
  readonly #tensors = new Map<string, TensorProto>();
  readonly #state: Map<string, Numbers>;
  readonly #names = new Set<string>();
  #path = "latent";
  #style: Value = "";

  constructor(opset: number, state: readonly TensorData[]) {
    this.opset = opset;
    const floats = state.filter(({ dtype }) => dtype === "float32");
    this.#state = new Map(floats.map((one) => [one.name, numbersOf(one)]));
  }

  /** Every weight and constant that a node needs. */
  get tensors(): readonly TensorProto[] {
    return [...this.#tensors.values()];
  }

  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    const name = this.#unique(operator);
    this.nodes.push(node(name, operator, inputs, attributes));
    return name;
  }

  /** Adds a node that answers under a name of its own. */
  output(name: string, x: Value): void {
    this.nodes.push(node(name, "Identity", [x], {}));
  }

  weight(layer: ResolvedLayer, key: string): Value {
    const name = `${layer.path}.${key}`;
    if (!this.#tensors.has(name)) {
      const { shape, values } = this.#find(name);
      this.#tensors.set(name, tensor(name, "float32", shape, values));
    }
    return name;
  }

  numbers(layer: ResolvedLayer, key: string): Float32Array {
    return this.#find(`${layer.path}.${key}`).values;
  }

  replace(layer: ResolvedLayer, key: string, shape: Shape, values: Float32Array): void {
    this.#state.set(`${layer.path}.${key}`, { shape, values });
  }

  floats(values: readonly number[], shape?: Shape): Value {
    const sides = shape ?? (values.length === 1 ? [] : [values.length]);
    return this.#constant((name) => tensor(name, "float32", sides, Float32Array.from(values)));
  }

  ints(values: readonly number[]): Value {
    const whole = BigInt64Array.from(values, BigInt);
    return this.#constant((name) => tensor(name, "int64", [values.length], whole));
  }

  layer(layer: ResolvedLayer, x: Value): Value {
    const write = layerKinds.get(layer.type)?.onnx;
    if (write === undefined) {
      const received = `${layer.path} (${layer.type})`;
      throw refused("ERR_ARCHITECTURE", "layers that ONNX can express", "the generator", received);
    }
    const around = this.#path;
    this.#path = layer.path;
    const value = write(layer, x, this);
    this.#path = around;
    return value;
  }

  get style(): Value {
    return this.#style;
  }

  styled(layer: ResolvedLayer, x: Value, style: Value): Value {
    const around = this.#style;
    this.#style = style;
    const value = this.layer(layer, x);
    this.#style = around;
    return value;
  }

  #constant(make: (name: string) => TensorProto): Value {
    const name = this.#unique("constant");
    this.#tensors.set(name, make(name));
    return name;
  }

  #unique(what: string): string {
    const wanted = `${this.#path}/${what}`;
    let name = wanted;
    for (let i = 1; this.#names.has(name); ++i) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  #find(name: string): Numbers {
    const found = this.#state.get(name);
    if (found === undefined) throw new Error(`no tensor ${name} in the state`);
    return found;
  }
}

interface Numbers {
  readonly shape: Shape;
  readonly values: Float32Array;
}

function numbersOf({ shape, data }: TensorData): Numbers {
  return { shape, values: over(Float32Array, data) };
}
