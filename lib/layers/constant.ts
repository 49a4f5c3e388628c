import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, literal } from "./python.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/**
 * A learned tensor in the place of whatever came before, one for all samples: where a synthesis
 * begins (Karras et al. 2019, A Style-Based Generator Architecture, section 2). It begins as N(0,
 * 1). Key: `const`.
 *
 * @param shape what each sample becomes, [channels, height, width] or any other
 */
export function constant(
  shape: readonly number[],
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "constant", shape }, options);
}

const helper = `class Constant(nn.Module):
    """A learned tensor, one for all samples (Karras et al. 2019)."""

    def __init__(self, *shape):
        super().__init__()
        self.const = nn.Parameter(torch.randn(shape))

    def forward(self, x):
        return self.const.expand(len(x), *self.const.shape)`;

export const constantKind = layerKind({
  options: ["shape"],
  bends: () => "never",
  resolve(layer, _input, at) {
    const shape = at.shape(layer.shape, "shape");
    // A discriminator would see nothing of an image.
    if (at.around.player === "discriminator")
      throw at.refuseWhat("a place in a generator", "one in a discriminator");
    return { options: { shape }, output: shape };
  },
  state: ({ output }) => ({ const: trained(...output) }),
  python: ({ options }) => ({
    module: call("Constant", ...options.shape.map(literal)),
    helpers: [helper],
  }),
  onnx(layer, x, to) {
    const batch = to.node("Shape", [x], { end: 1 });
    const shape = to.node("Concat", [batch, to.ints(layer.output)], { axis: 0 });
    return to.node("Expand", [to.weight(layer, "const"), shape]);
  },
});
