import * as check from "../check.js";
import type { Layer, LayerKind, OptionValue } from "./kind.js";
import type { Place } from "./place.js";
import { call, keywords } from "./python.js";

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
 * log(1 + e^(βx)) / β: a smooth relu; the identity where βx is above the threshold. torch.nn.Softplus.
 *
 * @param options `beta` above 0 @default 1, `threshold` at least 0 @default 20
 */
export function softplus(options: { beta?: number; threshold?: number } = {}): Layer {
  return { type: "softplus", ...options };
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
function activation(
  torchName: string,
  defaults: Record<string, OptionValue>,
  options: (layer: Layer, at: Place) => Record<string, OptionValue>,
): LayerKind {
  return {
    options: Object.keys(defaults),
    resolve: (layer, input, at) => ({ options: options(layer, at), output: input }),
    python: (layer) => ({ module: call(`nn.${torchName}`, ...keywords(layer, defaults)) }),
  };
}

const plain = (torchName: string): LayerKind => activation(torchName, {}, () => ({}));

export const reluKind = plain("ReLU");
export const siluKind = plain("SiLU");
export const sigmoidKind = plain("Sigmoid");
export const tanhKind = plain("Tanh");

export const leakyReluKind = activation("LeakyReLU", { negativeSlope: 0.01 }, (layer, at) => ({
  negativeSlope: check.notNegative(layer.negativeSlope ?? 0.01, at.option("negativeSlope")),
}));

export const eluKind = activation("ELU", { alpha: 1 }, (layer, at) => ({
  alpha: check.notNegative(layer.alpha ?? 1, at.option("alpha")),
}));

export const geluKind = activation("GELU", { approximate: "none" }, (layer, at) => ({
  approximate: check.oneOf(layer.approximate ?? "none", at.option("approximate"), ["none", "tanh"]),
}));

export const softplusKind = activation("Softplus", { beta: 1, threshold: 20 }, (layer, at) => ({
  beta: check.positive(layer.beta ?? 1, at.option("beta")),
  threshold: check.notNegative(layer.threshold ?? 20, at.option("threshold")),
}));
