import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { product } from "../shape.js";
import { conv2dKind, convTranspose2dKind } from "./convolution.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { linearKind } from "./linear.js";
import { call, keywords } from "./python.js";
import type { TensorSpec } from "./state.js";

/**
 * A layer with an equalized learning rate (Karras et al. 2018, Progressive Growing of GANs, section
 * 4.1): its weights begin as N(0, 1 / lrMultiplier²), its bias as 0, and a pass multiplies the
 * weights by gain · lrMultiplier / √(inputs of an output) and the bias by lrMultiplier. An
 * optimizer that has a step for each number, as Adam, then moves every layer equally fast. Keys are
 * those of the layer inside, whose name it takes; `init` leaves it alone.
 *
 * @param layer a linear, conv2d or convTranspose2d
 * @param options `gain` above 0, √2 before an activation that halves @default 1, `lrMultiplier`
 * above 0, 0.01 in StyleGAN's mapping @default 1
 */
export function equalized(
  layer: Layer,
  options: { gain?: number | undefined; lrMultiplier?: number | undefined } = {},
): Layer {
  const name = layer?.name === undefined ? {} : { name: layer.name };
  return { type: "equalized", ...name, ...options, layers: [layer] };
}

/** What can be inside. */
const equalizable: ReadonlyMap<unknown, LayerKind> = new Map([
  ["linear", linearKind],
  ["conv2d", conv2dKind],
  ["convTranspose2d", convTranspose2dKind],
]);

/** The only layer inside, with its weight and bias. */
function inside({ layers }: Pick<ResolvedLayer, "layers">) {
  const inner = layers[0] as ResolvedLayer;
  const state = equalizable.get(inner.type)?.state?.(inner) as Record<string, TensorSpec>;
  return { inner, state, weight: state.weight as TensorSpec };
}

/** The class of Python, for the layers that have such a part. */
export const equalizedHelper = `class Equalized(nn.Module):
    """A layer whose weights are scaled when they are used (Karras et al. 2018)."""

    def __init__(self, layer, gain=1.0, lr_multiplier=1.0):
        super().__init__()
        outputs = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        self.scale = gain * lr_multiplier / math.sqrt(layer.weight.numel() // outputs)
        self.lr_multiplier = lr_multiplier
        self.layer = (layer,)  # in a tuple, so that its tensors have no second keys
        self.weight, self.bias = layer.weight, layer.bias
        nn.init.normal_(self.weight, 0.0, 1.0 / lr_multiplier)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x):
        tensors = {"weight": self.weight * self.scale}
        if self.bias is not None:
            tensors["bias"] = self.bias * self.lr_multiplier
        return torch.func.functional_call(self.layer[0], tensors, (x,))`;

export const equalizedKind = layerKind({
  options: ["gain", "lrMultiplier", "layers"],
  bends: () => "never",
  resolve(layer, input, at) {
    const gain = check.positive(layer.gain ?? 1, at.option("gain"));
    const lrMultiplier = check.positive(layer.lrMultiplier ?? 1, at.option("lrMultiplier"));
    const [inner, ...others] = Array.isArray(layer.layers) ? layer.layers : [];
    if (others.length > 0 || !check.isObject(inner) || !equalizable.has(inner.type)) {
      const received = check.isObject(inner) && others.length === 0 ? inner.type : layer.layers;
      throw wrongType("one linear, conv2d or convTranspose2d", at.option("layers"), received);
    }
    const resolved = at.around.single(inner, input, at.path, "0");
    return { options: { gain, lrMultiplier }, output: resolved.output, layers: [resolved] };
  },
  state: (layer) => inside(layer).state,
  python: (layer, write) => ({
    module: call(
      "Equalized",
      write(inside(layer).inner),
      ...keywords(layer, { gain: 1, lrMultiplier: 1 }),
    ),
    helpers: [equalizedHelper],
    import: "import math",
  }),
  onnx(layer, x, to) {
    const { inner, state, weight } = inside(layer);
    const { gain, lrMultiplier } = layer.options;
    const outputs = inner.output[0] as number;
    const scales: Readonly<Record<string, number>> = {
      weight: (gain * lrMultiplier) / Math.sqrt(product(weight.shape) / outputs),
      bias: lrMultiplier,
    };
    for (const [key, { shape }] of Object.entries(state)) {
      const scale = scales[key] as number;
      const scaled = to.numbers(layer, key).map((value) => value * scale);
      to.replace(inner, key, shape, scaled);
    }
    return to.layer(inner, x);
  },
});
