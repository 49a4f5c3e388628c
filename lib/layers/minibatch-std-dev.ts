import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { type OnnxWriter, reduce, rootMeanSquare, type Value } from "./onnx.js";
import { call, keywords } from "./python.js";
import { withOptions } from "./with-options.js";

/**
 * One more channel that says how much the samples of a group differ, `[channels, height, width]` to
 * `[channels + 1, height, width]`: a discriminator sees by it a generator that makes one image only
 * (Karras et al. 2018, Progressive Growing of GANs, section 3).
 *
 * @param options `groupSize`: samples a group at most, at least 1; the largest divisor of the batch
 * up to it is taken @default 4
 */
export function minibatchStdDev(
  options: { groupSize?: number | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "minibatchStdDev" }, options);
}

const helper = `class MinibatchStdDev(nn.Module):
    """One more channel: how much the samples of a group differ (Karras et al. 2018)."""

    def __init__(self, group_size=4):
        super().__init__()
        self.group_size = group_size

    def forward(self, x):
        batch, _, height, width = x.shape
        group = next(g for g in range(min(self.group_size, batch), 0, -1) if batch % g == 0)
        y = x.view(group, batch // group, *x.shape[1:])
        y = y - y.mean(0)
        y = (y.square().mean(0) + 1e-8).sqrt()
        y = y.mean([1, 2, 3], keepdim=True)
        return torch.cat([x, y.repeat(group, 1, height, width)], 1)`;

export const minibatchStdDevKind = layerKind({
  options: ["groupSize"],
  resolve(layer, input, at) {
    const groupSize = check.integer(layer.groupSize ?? 4, at.option("groupSize"), 1);
    const [channels, height, width] = at.image(input);
    return { options: { groupSize }, output: [channels + 1, height, width] };
  },
  python: (layer) => ({
    module: call("MinibatchStdDev", ...keywords(layer, { groupSize: 4 })),
    helpers: [helper],
  }),
  onnx({ input, options }, x, to) {
    const group = largestDivisor(options.groupSize, x, to);
    const shape = to.node("Concat", [group, to.ints([-1, ...input])], { axis: 0 });
    const groups = to.node("Reshape", [x, shape]); // [group, N / group, channels, height, width]
    const centred = to.node("Sub", [groups, reduce("ReduceMean", groups, [0], to)]);
    const deviation = rootMeanSquare(centred, [0], 1e-8, to);
    const mean = reduce("ReduceMean", deviation, [2, 3, 4], to); // [1, N / group, 1, 1, 1]
    const pixel = to.node("Reshape", [mean, to.ints([-1, 1, 1, 1])]);
    const [, height, width] = input as [number, number, number];
    const times = to.node("Concat", [group, to.ints([1, height, width])], { axis: 0 });
    return to.node("Concat", [x, to.node("Tile", [pixel, times])], { axis: 1 });
  },
  couplesSamples: true,
  comparesSamples: true,
});

/**
 * The largest divisor of the batch up to a limit, int64 [1]: it is known only when the graph runs.
 */
function largestDivisor(limit: number, x: Value, to: OnnxWriter): Value {
  const batch = to.node("Shape", [x], { end: 1 });
  // A range, as a limit may be many times what any batch has.
  const [one, most] = [to.ints([1]), to.node("Min", [batch, to.ints([limit])])];
  const [from, end] = [one, to.node("Add", [most, one])].map((value) =>
    to.node("Squeeze", [value]),
  ) as [Value, Value];
  const candidates = to.node("Range", [from, end, from]);
  const rest = to.node("Mod", [batch, candidates]);
  const divides = to.node("Equal", [rest, to.ints([0])]);
  const divisors = to.node("Where", [divides, candidates, one]);
  return reduce("ReduceMax", divisors, [0], to);
}
