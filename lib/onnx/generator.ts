import type { ResolvedArchitecture } from "../architecture.js";
import { refused } from "../errors.js";
import type { Value } from "../layers/onnx.js";
import type { NativeLatent, TensorData } from "../native.js";
import { countBytes } from "../networks/network.js";
import type { Bytes } from "../arrays.js";
import { Graph } from "./graph.js";
import { encode, valueInfo } from "./proto.js";

/** A protobuf message ends where its length, an int32, does; a MiB of it is for the graph. */
const limit = 2 ** 31 - 2 ** 20;

/** Throws ERR_ARCHITECTURE where the weights are more than one file can hold. */
export function checkOnnxSize(resolved: ResolvedArchitecture): void {
  const bytes = countBytes(resolved);
  if (bytes <= limit) return;
  const what = "weights of at most 2 GiB (what an ONNX file can hold)";
  throw refused("ERR_ARCHITECTURE", what, "the generator", `${bytes} bytes`);
}

/**
 * A generator as an ONNX model: noise [N, noise], labels [N] (int64) and codes [N, codes], as far
 * as the latent has them, to images [N, ...]. It computes what the generator does in evaluation
 * mode.
 */
export function generatorModel(
  resolved: ResolvedArchitecture,
  latent: NativeLatent,
  state: readonly TensorData[],
  opset: number,
): Bytes {
  const graph = new Graph(opset, state);
  const images = resolved.layers.reduce(
    (x, layer) => graph.layer(layer, x),
    latentOf(latent, graph),
  );
  graph.output("images", images);
  const { noise, classes, codes } = latent;
  const inputs = [
    valueInfo("noise", "float32", ["N", noise]),
    ...(classes > 0 ? [valueInfo("labels", "int64", ["N"])] : []),
    ...(codes > 0 ? [valueInfo("codes", "float32", ["N", codes])] : []),
  ];
  const outputs = [valueInfo("images", "float32", ["N", ...resolved.output])];
  const { nodes, tensors } = graph;
  return encode({ opset, nodes, tensors, inputs, outputs, metadata: factsOf(resolved, latent) });
}

/**
 * What the graph does not tell: what its inputs are to be drawn from, and which numbers are black
 * and white.
 */
function factsOf(
  { range }: ResolvedArchitecture,
  { noise, classes, codes, uniform }: NativeLatent,
): Readonly<Record<string, string>> {
  const distribution = uniform ? "uniform" : "normal";
  return {
    "sparring.latent": JSON.stringify({ noise, distribution, classes, codes }),
    "sparring.range": JSON.stringify(range),
  };
}

/** What the layers start from: the parts of the latent side by side, [N, width]. */
function latentOf({ classes, codes, oneHot }: NativeLatent, graph: Graph): Value {
  const parts: Value[] = ["noise"];
  if (classes > 0 && oneHot) {
    const inputs = [graph.labels, graph.ints([classes]), graph.floats([0, 1])];
    parts.push(graph.node("OneHot", inputs, { axis: 1 }));
  }
  if (codes > 0) parts.push("codes");
  return parts.length === 1 ? "noise" : graph.node("Concat", parts, { axis: 1 });
}
