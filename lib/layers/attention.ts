import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { type OnnxWriter, reshape, type Value, weights } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/**
 * Every pixel of `[channels, height, width]` looks at every other: x + γ·attention(x), γ starting
 * at 0 (Zhang et al. 2019, Self-Attention Generative Adversarial Networks). Values have all
 * channels, as in the first version of that paper (2018) and most PyTorch scripts.
 *
 * @param options `reduction`: queries and keys have channels / reduction channels; a divisor of
 * them @default 8
 */
export function selfAttention2d(
  options: { reduction?: number | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "selfAttention2d" }, options);
}

const helper = `class SelfAttention2d(nn.Module):
    """Every pixel looks at every other (Zhang et al. 2019)."""

    def __init__(self, channels, reduction=8):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.query = nn.Conv2d(channels, channels // reduction, 1)
        self.key = nn.Conv2d(channels, channels // reduction, 1)
        self.value = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        query, key, value = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        attention = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
        seen = (value @ attention.transpose(1, 2)).view_as(x)
        return self.gamma * seen + x`;

export const selfAttention2dKind = layerKind({
  options: ["channels", "reduction"],
  resolve(layer, input, at) {
    const reduction = check.integer(layer.reduction ?? 8, at.option("reduction"), 1);
    const channels = at.size(layer, "channels", at.image(input));
    if (channels % reduction !== 0)
      throw at.refuse(`channels that are a multiple of reduction ${reduction}`, input);
    return { options: { channels, reduction }, output: input };
  },
  state({ options }) {
    const channels = options.channels;
    const narrow = channels / options.reduction;
    return {
      gamma: trained(1),
      "query.weight": trained(narrow, channels, 1, 1),
      "query.bias": trained(narrow),
      "key.weight": trained(narrow, channels, 1, 1),
      "key.bias": trained(narrow),
      "value.weight": trained(channels, channels, 1, 1),
      "value.bias": trained(channels),
    };
  },
  multiplications({ options, input }) {
    const [channels, ...sides] = input as [number, ...number[]];
    const narrow = channels / options.reduction;
    const pixels = product(sides);
    // Three 1x1 convolutions; every pixel asks every other, and takes from it.
    return pixels * channels * (2 * narrow + channels) + pixels ** 2 * (narrow + channels);
  },
  python: (layer) => ({
    module: call(
      "SelfAttention2d",
      literal(layer.options.channels),
      ...keywords(layer, { reduction: 8 }),
    ),
    helpers: [helper],
  }),
  onnx(layer, x, to) {
    const [channels, height, width] = layer.input as [number, number, number];
    const [query, key, value] = ["query", "key", "value"].map((name) =>
      pixelRows(layer, name, x, to),
    ) as [Value, Value, Value];
    const transposed = (rows: Value) => to.node("Transpose", [rows], { perm: [0, 2, 1] });
    const likeness = to.node("MatMul", [transposed(query), key]); // [N, pixels, pixels]
    const attention = to.node("Softmax", [likeness], { axis: -1 });
    const rows = to.node("MatMul", [value, transposed(attention)]); // [N, channels, pixels]
    const seen = reshape(rows, [channels, height, width], to);
    return to.node("Add", [to.node("Mul", [to.weight(layer, "gamma"), seen]), x]);
  },
});

/** One of the convolutions of 1×1, as [N, its channels, pixels]. */
function pixelRows(layer: ResolvedLayer, name: string, x: Value, to: OnnxWriter): Value {
  const [, height, width] = layer.input as [number, number, number];
  const inputs = [x, ...weights(layer, to, { prefix: `${name}.`, bias: true })];
  const convolved = to.node("Conv", inputs, { kernel_shape: [1, 1] });
  return reshape(convolved, [-1, height * width], to);
}
