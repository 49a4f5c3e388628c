import * as check from "../check.js";
import { outOfRange } from "../errors.js";
import { product } from "../shape.js";
import { blurHelper, blurMultiplications, blurred } from "./blur.js";
import { equalizedHelper } from "./equalized.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { float, type OnnxWriter, reduce, reshape, type Value } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import type { Site } from "./site.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of modulatedConv2d. */
export interface ModulatedConv2dOptions {
  /** Twice the height and width, as a transposed convolution and a blur. @default false */
  readonly upsample?: boolean | undefined;
  /**
   * Whether each output channel is brought back to the size that it has with a style of ones. The
   * last one, to colours, is left as it is.
   * @default true
   */
  readonly demodulate?: boolean | undefined;
  /** What the outputs are multiplied by, above 0: √2 before a leakyRelu. @default 1 */
  readonly gain?: number | undefined;
  /** One for each output channel, which begins at 0. @default true */
  readonly bias?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * A convolution that a style changes, `[channels, height, width]` to `[outChannels, height, width]`
 * or twice as high and wide (Karras et al. 2020, Analyzing and Improving the Image Quality of
 * StyleGAN, section 2.2). It stands in the synthesis of `styled`: an affine function of w makes a
 * scale for each input channel, and each output channel is divided by the norm of its scaled
 * weights. Weights begin as N(0, 1), the scales at 1. Keys: `weight`, `bias`, `affine.weight`,
 * `affine.bias`, those of StyleGAN2's code.
 *
 * @param outChannels channels of the output, at least 1
 * @param kernelSize side of the square kernel, odd; 1, 3 or 5 where it upsamples
 */
export function modulatedConv2d(
  outChannels: number,
  kernelSize: number,
  options: ModulatedConv2dOptions = {},
): Layer {
  return withOptions({ type: "modulatedConv2d", outChannels, kernelSize }, options);
}

/** Added to the square of a norm. */
const eps = 1e-8;

const helper = `class ModulatedConv2d(nn.Module):
    """A convolution whose input channels a style scales (Karras et al. 2020)."""

    takes_style = True

    def __init__(
        self, style, channels, out, kernel, upsample=False, demodulate=True, gain=1.0, bias=True
    ):
        super().__init__()
        self.affine = Equalized(nn.Linear(style, channels))
        nn.init.ones_(self.affine.bias)
        self.weight = nn.Parameter(torch.randn(out, channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None
        self.blur = Blur(padding=(5 - kernel) // 2, gain=4.0) if upsample else None
        self.demodulate = demodulate
        self.gain = gain if demodulate else gain / math.sqrt(channels * kernel * kernel)
        self.w = None

    def forward(self, x):
        style = self.affine(self.w)
        if not self.demodulate:
            style = style * self.gain
        x = x * style[:, :, None, None]
        if self.blur is None:
            x = F.conv2d(x, self.weight, padding=self.weight.shape[2] // 2)
        else:
            x = self.blur(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
        if self.demodulate:
            squares = F.linear(style.square(), self.weight.square().sum((2, 3)))
            x = x * ((squares + ${eps}).rsqrt() * self.gain)[:, :, None, None]
        return x if self.bias is None else x + self.bias[:, None, None]`;

function kernelOf(layer: Layer, upsample: boolean, at: Site): number {
  const name = at.option("kernelSize");
  const kernelSize = check.integer(layer.kernelSize, name, 1);
  if (kernelSize % 2 === 0) throw outOfRange("an odd number", name, kernelSize);
  if (upsample && kernelSize > 5)
    throw outOfRange("1, 3 or 5 where it upsamples", name, kernelSize);
  return kernelSize;
}

function styleOf(layer: Layer, at: Site): number {
  const { styleFeatures: seen } = at.around;
  if (seen === 0)
    throw at.refuseWhat("a place in the synthesis of styled()", "one without a style");
  const stated = check.integer(layer.styleFeatures ?? seen, at.option("styleFeatures"), 1);
  if (stated !== seen) throw at.refuseWhat(`a style of [${stated}]`, `one of [${seen}]`);
  return seen;
}

function ofBlur(layer: Modulated): number {
  return layer.options.upsample ? blurMultiplications(layer) : 0;
}

export const modulatedConv2dKind = layerKind({
  options: [
    ...["styleFeatures", "inChannels", "outChannels", "kernelSize"],
    ...["upsample", "demodulate", "gain", "bias"],
  ],
  resolve(layer, input, at) {
    const outChannels = check.integer(layer.outChannels, at.option("outChannels"), 1);
    const upsample = check.boolean(layer.upsample ?? false, at.option("upsample"));
    const kernelSize = kernelOf(layer, upsample, at);
    const demodulate = check.boolean(layer.demodulate ?? true, at.option("demodulate"));
    const gain = check.positive(layer.gain ?? 1, at.option("gain"));
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    const styleFeatures = styleOf(layer, at);
    const [, height, width] = at.image(input, "begin with constant([...])");
    const inChannels = at.size(layer, "inChannels", input);
    const times = upsample ? 2 : 1;
    return {
      options: {
        ...{ styleFeatures, inChannels, outChannels, kernelSize },
        ...{ upsample, demodulate, gain, bias },
      },
      output: [outChannels, times * height, times * width],
    };
  },
  state({ options: { styleFeatures, inChannels, outChannels, kernelSize, bias } }) {
    return {
      weight: trained(outChannels, inChannels, kernelSize, kernelSize),
      ...(bias && { bias: trained(outChannels) }),
      "affine.weight": trained(inChannels, styleFeatures),
      "affine.bias": trained(inChannels),
    };
  },
  multiplications(layer) {
    const { styleFeatures, inChannels, outChannels, kernelSize, demodulate } = layer.options;
    const [, height, width] = layer.input as [number, number, number];
    const styles = styleFeatures * inChannels + (demodulate ? inChannels * outChannels : 0);
    const conv = height * width * kernelSize ** 2 * inChannels * outChannels;
    return styles + conv + ofBlur(layer);
  },
  constantMultiplications: (layer) => ofBlur(layer),
  // What is convolved, and what is demodulated.
  savedValues: ({ input, output, options: { upsample, demodulate } }) =>
    product(input) + (demodulate ? product(output) : 0) + (upsample ? product(output) : 0),
  python(layer) {
    const { styleFeatures, inChannels, outChannels, kernelSize } = layer.options;
    return {
      module: call(
        "ModulatedConv2d",
        ...[styleFeatures, inChannels, outChannels, kernelSize].map(literal),
        ...keywords(layer, { upsample: false, demodulate: true, gain: 1, bias: true }),
      ),
      helpers: [equalizedHelper, blurHelper, helper],
      import: "import math",
    };
  },
  onnx(layer, x, to) {
    const { styleFeatures, inChannels, outChannels, bias } = layer.options;
    const affine = [to.style, to.weight(layer, "affine.weight"), to.weight(layer, "affine.bias")];
    const alpha = float(1 / Math.sqrt(styleFeatures));
    const style = to.node("Gemm", affine, { transB: 1, alpha });
    const scaled = to.node("Mul", [x, reshape(style, [inChannels, 1, 1], to)]);
    const made = to.node("Mul", [convolved(layer, scaled, to), factors(layer, style, to)]);
    if (!bias) return made;
    const biases = to.node("Reshape", [to.weight(layer, "bias"), to.ints([outChannels, 1, 1])]);
    return to.node("Add", [made, biases]);
  },
});

type Modulated = ResolvedLayer<
  Record<"inChannels" | "outChannels" | "kernelSize" | "gain", number> &
    Record<"upsample" | "demodulate", boolean>
>;

function convolved(layer: Modulated, x: Value, to: OnnxWriter): Value {
  const { outChannels, kernelSize, upsample } = layer.options;
  const kernel_shape = [kernelSize, kernelSize];
  const weight = to.weight(layer, "weight");
  const around = (side: number) => [side, side, side, side] as const;
  if (!upsample)
    return to.node("Conv", [x, weight], { kernel_shape, pads: around((kernelSize - 1) / 2) });
  const turned = to.node("Transpose", [weight], { perm: [1, 0, 2, 3] });
  const doubled = to.node("ConvTranspose", [x, turned], { kernel_shape, strides: [2, 2] });
  const filter = { stride: 1, padding: around((5 - kernelSize) / 2), gain: 4 };
  return blurred(doubled, outChannels, filter, to);
}

/** What the outputs are multiplied by: one number, or [N, outChannels, 1, 1]. */
function factors(layer: Modulated, style: Value, to: OnnxWriter): Value {
  const { inChannels, outChannels, kernelSize, demodulate, gain } = layer.options;
  const taps = kernelSize ** 2;
  if (!demodulate) return to.floats([gain / Math.sqrt(inChannels * taps)]);
  const squared = (value: Value) => to.node("Mul", [value, value]);
  const means = reduce("ReduceMean", squared(to.weight(layer, "weight")), [2, 3], to);
  const norms = to.node("Reshape", [means, to.ints([outChannels, inChannels])]);
  const sums = to.node("Gemm", [squared(style), norms], { transB: 1, alpha: float(taps) });
  const root = to.node("Sqrt", [to.node("Add", [sums, to.floats([eps])])]);
  return reshape(to.node("Div", [to.floats([gain]), root]), [outChannels, 1, 1], to);
}
