import * as check from "../check.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer, ResolvedOptions } from "./layer.js";
import { float, type OnnxWriter, operator, type Value, type WriteOnnx } from "./onnx.js";
import { call, keywords } from "./python.js";
import type { Site } from "./site.js";
import { withOptions } from "./with-options.js";

/** max(0, x). torch.nn.ReLU. */
export function relu(): Layer {
  return { type: "relu" };
}

/**
 * x where positive, else slope·x. torch.nn.LeakyReLU (Maas et al. 2013).
 *
 * @param negativeSlope at least 0 @default 0.01
 */
export function leakyRelu(negativeSlope = 0.01): Layer {
  return { type: "leakyRelu", negativeSlope };
}

/**
 * x where positive, else α·(eˣ − 1). torch.nn.ELU (Clevert et al. 2016).
 *
 * @param alpha at least 0 @default 1
 */
export function elu(alpha = 1): Layer {
  return { type: "elu", alpha };
}

/**
 * scale·x where positive, else scale·α·(eˣ − 1), with the two constants of the paper. torch.nn.SELU
 * (Klambauer et al. 2017).
 */
export function selu(): Layer {
  return { type: "selu" };
}

/** x·tanh(log(1 + eˣ)). torch.nn.Mish (Misra 2020). */
export function mish(): Layer {
  return { type: "mish" };
}

/** x·sigmoid(x). torch.nn.SiLU (Elfwing et al. 2018). */
export function silu(): Layer {
  return { type: "silu" };
}

/**
 * x·Φ(x), Φ the distribution function of N(0, 1). torch.nn.GELU (Hendrycks and Gimpel 2016).
 *
 * @param approximate `tanh`: the paper's approximation @default "none"
 */
export function gelu(approximate: "none" | "tanh" = "none"): Layer {
  return { type: "gelu", approximate };
}

/**
 * log(1 + e^(βx)) / β: a smooth relu; the identity where βx is above the threshold.
 * torch.nn.Softplus.
 *
 * @param options `beta` above 0 @default 1, `threshold` at least 0 @default 20
 */
export function softplus(
  options: { beta?: number | undefined; threshold?: number | undefined } = {},
): Layer {
  return withOptions({ type: "softplus" }, options);
}

/** 1 / (1 + e⁻ˣ): a discriminator that ends in it answers with a probability. torch.nn.Sigmoid. */
export function sigmoid(): Layer {
  return { type: "sigmoid" };
}

/** Hyperbolic tangent: a generator that ends in it makes pixels in [-1, 1]. torch.nn.Tanh. */
export function tanh(): Layer {
  return { type: "tanh" };
}

/** Every shape goes in and comes out. */
function activation<O extends ResolvedOptions>(
  torchName: string,
  defaults: O,
  options: (layer: Layer, at: Site) => NoInfer<O>,
  onnx: WriteOnnx<NoInfer<O>>,
): LayerKind {
  return layerKind({
    options: Object.keys(defaults),
    resolve: (layer, input, at) => ({ options: options(layer, at), output: input }),
    python: (layer) => ({ module: call(`nn.${torchName}`, ...keywords(layer, defaults)) }),
    onnx,
  });
}

const plain = (torchName: string, onnx: WriteOnnx): LayerKind =>
  activation(torchName, {}, () => ({}), onnx);

/** Linear by pieces. */
const pieces: Pick<LayerKind, "bends"> = { bends: () => "eager" };

export const reluKind: LayerKind = { ...plain("ReLU", operator("Relu")), ...pieces };
export const seluKind = plain("SELU", operator("Selu"));
// Its own operator came with opset 18.
export const mishKind = plain("Mish", (_layer, x, to) =>
  to.node("Mul", [x, to.node("Tanh", [to.node("Softplus", [x])])]),
);
export const siluKind = plain("SiLU", (_layer, x, to) =>
  to.node("Mul", [x, to.node("Sigmoid", [x])]),
);
export const sigmoidKind: LayerKind = {
  ...plain("Sigmoid", operator("Sigmoid")),
  makesProbabilities: true,
};
export const tanhKind = plain("Tanh", operator("Tanh"));

export const leakyReluKind: LayerKind = {
  ...activation(
    "LeakyReLU",
    { negativeSlope: 0.01 },
    (layer, at) => ({
      negativeSlope: check.notNegative(layer.negativeSlope ?? 0.01, at.option("negativeSlope")),
    }),
    operator("LeakyRelu", ({ negativeSlope }) => ({ alpha: float(negativeSlope) })),
  ),
  ...pieces,
};

export const eluKind = activation(
  "ELU",
  { alpha: 1 },
  (layer, at) => ({ alpha: check.notNegative(layer.alpha ?? 1, at.option("alpha")) }),
  operator("Elu", ({ alpha }) => ({ alpha: float(alpha) })),
);

export const geluKind = activation(
  "GELU",
  { approximate: "none" },
  (layer, at) => ({
    approximate: check.oneOf(layer.approximate ?? "none", at.option("approximate"), [
      "none",
      "tanh",
    ]),
  }),
  // Its own operator came with opset 20.
  ({ options }, x, to) => {
    const sigmoid = options.approximate === "tanh" ? tanhSigmoid(x, to) : errorFunction(x, to);
    const half = to.node("Mul", [x, to.floats([0.5])]);
    return to.node("Mul", [half, to.node("Add", [sigmoid, to.floats([1])])]);
  },
);

/** erf(x / √2) */
function errorFunction(x: Value, to: OnnxWriter): Value {
  return to.node("Erf", [to.node("Mul", [x, to.floats([Math.SQRT1_2])])]);
}

/** tanh(√(2/π)·(x + 0.044715·x³)) */
function tanhSigmoid(x: Value, to: OnnxWriter): Value {
  const cube = to.node("Mul", [to.node("Mul", [x, x]), x]);
  const inner = to.node("Add", [x, to.node("Mul", [cube, to.floats([0.044715])])]);
  return to.node("Tanh", [to.node("Mul", [inner, to.floats([Math.sqrt(2 / Math.PI)])])]);
}

export const softplusKind = activation(
  "Softplus",
  { beta: 1, threshold: 20 },
  (layer, at) => ({
    beta: check.positive(layer.beta ?? 1, at.option("beta")),
    threshold: check.notNegative(layer.threshold ?? 20, at.option("threshold")),
  }),
  ({ options }, x, to) => {
    const beta = to.floats([options.beta]);
    const scaled = to.node("Mul", [x, beta]);
    const soft = to.node("Div", [to.node("Softplus", [scaled]), beta]);
    const above = to.node("Greater", [scaled, to.floats([options.threshold])]);
    return to.node("Where", [above, x, soft]);
  },
);
