import * as check from "../check.js";
import type { Layer, LayerKind } from "./kind.js";

/** max(0, x). torch.nn.ReLU. */
export function relu(): Layer {
  return { type: "relu" };
}

/**
 * x where positive, else slope·x. torch.nn.LeakyReLU.
 *
 * @param negativeSlope @default 0.01
 */
export function leakyRelu(negativeSlope = 0.01): Layer {
  return { type: "leakyRelu", negativeSlope };
}

/** 1 / (1 + e⁻ˣ): a discriminator that ends in it answers with a probability. torch.nn.Sigmoid. */
export function sigmoid(): Layer {
  return { type: "sigmoid" };
}

/** Hyperbolic tangent: a generator that ends in it makes pixels in [-1, 1]. torch.nn.Tanh. */
export function tanh(): Layer {
  return { type: "tanh" };
}

export const activationKind: LayerKind = {
  options: [],
  resolve: (_layer, input) => ({ options: {}, output: input }),
};

export const leakyReluKind: LayerKind = {
  options: ["negativeSlope"],
  resolve(layer, input, at) {
    const negativeSlope = check.notNegative(
      layer.negativeSlope ?? 0.01,
      at.option("negativeSlope"),
    );
    return { options: { negativeSlope }, output: input };
  },
};
