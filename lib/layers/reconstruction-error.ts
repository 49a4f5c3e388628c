import * as check from "../check.js";
import { resolveBranches } from "./branches.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { reduce } from "./onnx.js";
import { call, keywords, told, withLabels } from "./python.js";
import { product } from "../shape.js";
import { sequential } from "./sequential.js";
import { withOptions } from "./with-options.js";

const losses = ["mse", "l1"] as const;

/** Options of reconstructionError. */
export interface ReconstructionErrorOptions {
  /**
   * What is taken of the differences before their mean: `mse` squares, as nn.MSELoss (EBGAN), or
   * `l1` sizes, as nn.L1Loss (BEGAN).
   * @default "mse"
   */
  readonly loss?: (typeof losses)[number] | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * How far each sample is from what an autoencoder makes of it, `[...]` to `[1]`: the mean over all
 * of its values. A discriminator that ends in it is an energy, low for reals (Zhao, Mathieu, LeCun
 * 2017, Energy-based Generative Adversarial Network), for the objectives energyBased and
 * boundaryEquilibrium. A gradient passes through the layers and through the sample itself. Keys
 * begin with `autoencoder.`.
 *
 * @param layers of the autoencoder, which end in the shape that they begin with
 * @param options `loss`: squares ("mse", the default) or sizes ("l1"); `name`
 */
export function reconstructionError(
  layers: readonly Layer[],
  options: ReconstructionErrorOptions = {},
): Layer {
  const made = { type: "reconstructionError", layers: [sequential("autoencoder", layers)] };
  return withOptions(made, options);
}

const helper = `class ReconstructionError(nn.Module):
    """How far a sample is from what an autoencoder makes of it, [N, 1] (Zhao et al. 2017)."""

    def __init__(self, autoencoder, loss="mse"):
        super().__init__()
        self.autoencoder = autoencoder
        self.loss = {"mse": nn.MSELoss, "l1": nn.L1Loss}[loss](reduction="none")

    def error(self, made, x):
        return self.loss(made, x).flatten(1).mean(1, keepdim=True)

    def forward(self, x):
        return self.error(self.autoencoder(x), x)`;

const labelledHelper = `class LabelledReconstructionError(ReconstructionError):
    """A reconstruction error of an autoencoder that takes labels."""

    takes_labels = True

    def forward(self, x, labels):
        return self.error(told(self.autoencoder, x, labels), x)`;

export const reconstructionErrorKind = layerKind({
  options: ["layers", "loss"],
  makesEnergies: true,
  isSideBySide: true,
  resolve(layer, input, at) {
    const loss = check.oneOf(layer.loss ?? "mse", at.option("loss"), losses);
    const layers = resolveBranches(layer, input, at, ["autoencoder"]);
    const output = layers[0]?.output ?? input;
    if (output.join() !== input.join()) {
      const [made, given] = [output, input].map((shape) => `[${shape.join(", ")}]`);
      throw at.refuseWhat("layers that end in the shape of their input", `${made} of ${given}`);
    }
    return { options: { loss }, layers, output: [1] };
  },
  // The error of each value, before their mean.
  savedValues: ({ input }) => product(input),
  python(layer, write) {
    const [autoencoder] = layer.layers.map(write) as [ReturnType<typeof write>];
    const items = [autoencoder, ...keywords(layer, { loss: "mse" })];
    return layer.takesLabels
      ? {
          module: call("LabelledReconstructionError", ...items),
          helpers: [helper, told, labelledHelper],
          forward: withLabels,
        }
      : { module: call("ReconstructionError", ...items), helpers: [helper] };
  },
  onnx({ layers, options }, x, to) {
    const made = layers.reduce((value, layer) => to.layer(layer, value), x);
    const difference = to.node("Sub", [made, x]);
    const each =
      options.loss === "mse"
        ? to.node("Mul", [difference, difference])
        : to.node("Abs", [difference]);
    return reduce("ReduceMean", to.node("Flatten", [each], { axis: 1 }), [1], to);
  },
});
