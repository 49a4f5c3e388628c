import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import type { OnnxWriter, Value } from "./onnx.js";
import { type Four, isEven, type Sides, sidesOf } from "./padding.js";
import { call, keywords } from "./python.js";
import { slide } from "./window.js";
import { withOptions } from "./with-options.js";

/** Options of blur. */
export interface BlurOptions {
  /** Step of the filter, at least 1. @default 1 */
  readonly stride?: number | undefined;
  /**
   * Zeros on every side, or [left, right, top, bottom], each at least 0.
   * @default [2, 1, 2, 1], which keeps height and width
   */
  readonly padding?: Sides | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * Each channel of `[channels, height, width]` through the low-pass filter [1, 3, 3, 1], along rows
 * and columns, which adds up to 1 (Zhang 2019, Making Convolutional Networks Shift-Invariant Again;
 * Karras et al. 2019, 2020). It stands behind upsampling and before what halves an image.
 */
export function blur(options: BlurOptions = {}): Layer {
  return withOptions({ type: "blur" }, options);
}

/** The filter along an axis. With itself along the other one it adds up to 64. */
const filter = [1, 3, 3, 1];

/** The class of Python, for the layers that have such a part. */
export const blurHelper = `class Blur(nn.Module):
    """Each channel through a low-pass filter (Karras et al. 2020)."""

    def __init__(self, stride=1, padding=(2, 1, 2, 1), gain=1.0):
        super().__init__()
        self.stride = stride
        self.padding = padding
        line = torch.tensor([${filter.join(".0, ")}.0])
        self.register_buffer("filter", torch.outer(line, line) * (gain / 64), persistent=False)

    def forward(self, x):
        channels = x.shape[1]
        kernel = self.filter.to(x.dtype).expand(channels, 1, 4, 4)
        if isinstance(self.padding, int):
            return F.conv2d(x, kernel, None, self.stride, self.padding, 1, channels)
        return F.conv2d(F.pad(x, self.padding), kernel, None, self.stride, 0, 1, channels)`;

const same = [2, 1, 2, 1] as const;

/** Multiplications of the filter: all its taps for each value that comes out. */
export function blurMultiplications({ output }: Pick<ResolvedLayer, "output">): number {
  return product(output) * filter.length ** 2;
}

export const blurKind = layerKind({
  options: ["stride", "padding"],
  bends: () => "never",
  resolve(layer, input, at) {
    const stride = check.integer(layer.stride ?? 1, at.option("stride"), 1);
    const padding = sidesOf({ ...layer, padding: layer.padding ?? same }, at);
    const [channels, height, width] = at.image(input);
    const [left, right, top, bottom] = padding;
    const padded = [channels, height + top + bottom, width + left + right] as const;
    const window = { kernel: [4, 4], stride: [stride, stride], padding: [0, 0] } as const;
    if (Math.min(padded[1], padded[2]) < 4) {
      const sides = `${padded[1]} x ${padded[2]}`;
      throw at.refuse(`height and width of at least 4 x 4 with its padding (${sides})`, input);
    }
    return { options: { stride, padding }, output: [channels, ...slide(padded, window, at)] };
  },
  multiplications: blurMultiplications,
  constantMultiplications: blurMultiplications,
  // What is padded is a copy, unless the convolution itself pads.
  savedValues: ({ input, options: { padding } }) => (isEven(padding) ? 0 : product(input)),
  python: ({ options: { stride, padding } }) => ({
    module: call(
      "Blur",
      ...keywords({ options: { stride } }, { stride: 1 }),
      ...(isEven(padding)
        ? [`padding=${padding[0]}`]
        : keywords({ options: { padding } }, { padding: same })),
    ),
    helpers: [blurHelper],
  }),
  onnx: ({ input, options: { stride, padding } }, x, to) =>
    blurred(x, input[0] as number, { stride, padding, gain: 1 }, to),
});

/** In ONNX's words: x through the filter, which adds up to `gain`. */
export function blurred(
  x: Value,
  channels: number,
  { stride, padding, gain }: { stride: number; padding: Four; gain: number },
  to: OnnxWriter,
): Value {
  const plane = filter.flatMap((row) => filter.map((column) => (row * column * gain) / 64));
  const kernels = to.floats(Array(channels).fill(plane).flat(), [channels, 1, 4, 4]);
  const [left, right, top, bottom] = padding;
  return to.node("Conv", [x, kernels], {
    kernel_shape: [4, 4],
    strides: [stride, stride],
    pads: [top, left, bottom, right],
    group: channels,
  });
}
