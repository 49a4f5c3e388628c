// Layers that nobody chose: any kind with any options, whether they fit what comes before or not.
import { type Layer, layers as l } from "../../lib/index.js";
import type { Draw } from "./draw.js";

/** Where a layer is to stand. */
export interface Place {
  readonly inDiscriminator: boolean;
  /** Classes of the labels that it may take; 0: none. */
  readonly classes: number;
  /** Layers that it is inside of. */
  readonly depth?: number;
}

type Makers = readonly (readonly [weight: number, make: () => Layer])[];

const channels = (draw: Draw) => draw.of(1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16);
const epsilon = (draw: Draw) => draw.of(1e-5, 1e-12, 1e-3, 0.8, 10);
const named = (draw: Draw) =>
  draw.chance(0.1) ? { name: draw.of("a", "b_", "conv", "lin", "x1", "norm9", "weight_") } : {};

export function drawActivation(draw: Draw): Layer {
  const makers: (() => Layer)[] = [
    () => l.relu(),
    () => l.leakyRelu(draw.of(0.2, 0, 1, 0.01, 2)),
    () => l.elu(draw.of(1, 0.3, 2, 0)),
    () => l.selu(),
    () => l.mish(),
    () => l.silu(),
    () => l.gelu(draw.of("none", "tanh")),
    () => l.softplus({ beta: draw.of(1, 0.1, 5), threshold: draw.of(20, 0.5, 1, 0) }),
    () => l.sigmoid(),
    () => l.tanh(),
    () => l.prelu({ init: draw.of(0.25, -0.5, 0, 1) }),
    () => l.prelu({ numParameters: channels(draw) }),
  ];
  return draw.of(...makers)();
}

function convolution(draw: Draw): Layer {
  return l.conv2d(channels(draw), draw.pair(1, 5), {
    stride: draw.pair(1, 4),
    padding: draw.pair(0, 3),
    dilation: draw.pair(1, 2),
    groups: draw.of(1, 1, 1, 2, 3, 4),
    bias: draw.chance(0.7),
    ...named(draw),
  });
}

/** One that leaves the sides as they are, as most networks have it. */
function sameConvolution(draw: Draw): Layer {
  const kernel = draw.of(1, 3, 5);
  const [groups, bias] = [draw.of(1, 1, 2), draw.chance(0.7)];
  return l.conv2d(channels(draw), kernel, { padding: (kernel - 1) / 2, groups, bias });
}

function transposed(draw: Draw): Layer {
  return l.convTranspose2d(channels(draw), draw.pair(1, 5), {
    stride: draw.pair(1, 3),
    padding: draw.pair(0, 2),
    outputPadding: draw.chance(0.4) ? draw.pair(0, 2) : 0,
    dilation: draw.pair(1, 2),
    groups: draw.of(1, 1, 1, 2, 3),
    bias: draw.chance(0.7),
    ...named(draw),
  });
}

function linear(draw: Draw): Layer {
  const features = draw.of(1, 2, 3, 5, 7, 8, 13, 16, 32);
  return l.linear(features, { bias: draw.chance(0.7), ...named(draw) });
}

function products(draw: Draw, { inDiscriminator }: Place): Makers {
  const weighted = () => draw.of(convolution, sameConvolution, transposed, linear)(draw);
  const powers = () => ({ nPowerIterations: draw.of(1, 1, 2, 5), eps: draw.of(1e-12, 1e-4) });
  return [
    [5, () => convolution(draw)],
    [4, () => sameConvolution(draw)],
    [inDiscriminator ? 1 : 4, () => transposed(draw)],
    [4, () => linear(draw)],
    [1, () => l.maxout(draw.of(1, 3, 8), draw.integer(2, 4), { bias: draw.chance(0.7) })],
    [1, () => l.selfAttention2d({ reduction: draw.of(1, 2, 4) })],
    [1.5, () => l.spectralNorm(weighted(), powers())],
  ];
}

function normalisations(draw: Draw): Makers {
  const batch = () => ({
    eps: epsilon(draw),
    momentum: draw.of(0.1, 0.3, 1, 0.001, 0),
    affine: draw.chance(0.7),
    trackRunningStats: draw.chance(0.7),
  });
  const plain = () => ({ eps: epsilon(draw), affine: draw.chance(0.5) });
  return [
    [2, () => l.batchNorm1d(batch())],
    [3, () => l.batchNorm2d(batch())],
    [1, () => l.instanceNorm2d(plain())],
    [1, () => l.groupNorm(draw.of(1, 2, 3, 4), plain())],
    [1, () => l.layerNorm({ eps: epsilon(draw), elementwiseAffine: draw.chance(0.6) })],
    [1, () => l.layerNorm({ eps: epsilon(draw), bias: false })],
    [1, () => l.pixelNorm({ eps: draw.of(1e-8, 0.1) })],
  ];
}

/** What changes the place or the number of pixels. */
function resamplings(draw: Draw): Makers {
  const smooth = () =>
    draw.of(
      {},
      {},
      { mode: "bilinear" as const },
      { mode: "bilinear" as const, alignCorners: true },
    );
  const window = () => ({ stride: draw.pair(1, 4), padding: draw.of(0, 0, 1) });
  const average = () => ({ ...window(), countIncludePad: draw.chance(0.5) });
  return [
    [2, () => l.upsample(draw.integer(2, 3), smooth())],
    [1, () => l.avgPool2d(draw.pair(1, 3), average())],
    [1, () => l.maxPool2d(draw.pair(1, 3), window())],
    [1, () => l.adaptiveAvgPool2d(draw.pair(1, 7))],
    [0.5, () => l.globalSumPool2d()],
    [1, () => l.pixelShuffle(draw.integer(1, 3))],
    [1, () => l.pixelUnshuffle(draw.integer(1, 3))],
    [1, () => l.zeroPad2d(draw.of<number | [number, number, number, number]>(1, 2, [1, 0, 0, 2]))],
    [
      1,
      () => l.reflectionPad2d(draw.of<number | [number, number, number, number]>(1, [1, 0, 0, 2])),
    ],
    [
      1,
      () => l.replicationPad2d(draw.of<number | [number, number, number, number]>(2, [3, 0, 0, 2])),
    ],
    [1, () => l.flatten()],
  ];
}

function noises(draw: Draw): Makers {
  return [
    [1, () => l.dropout(draw.of(0, 0.1, 0.5, 0.9))],
    [1, () => l.dropout2d(draw.of(0, 0.3, 0.7))],
    [1, () => l.gaussianNoise(draw.of(0, 0.1, 1))],
  ];
}

function comparisons(draw: Draw, { inDiscriminator }: Place): Makers {
  const few = () => draw.integer(1, 4);
  return [
    [inDiscriminator ? 0.7 : 0, () => l.minibatchStdDev({ groupSize: draw.integer(1, 5) })],
    [0.5, () => l.minibatchDiscrimination(few(), { kernelDims: few() })],
  ];
}

function labelled(draw: Draw, { classes }: Place): Makers {
  if (classes === 0) return [];
  const norm = () => ({ eps: epsilon(draw), momentum: draw.of(0.1, 0.5, 0) });
  return [
    [1.5, () => l.embedding(draw.integer(1, 5), named(draw))],
    [1.5, () => l.embedding(channels(draw), { combine: "multiply" })],
    [1.5, () => l.conditionalBatchNorm2d(norm())],
    [0.6, () => l.spectralNorm(l.embedding(draw.integer(1, 5)))],
  ];
}

function holders(draw: Draw, place: Place): Makers {
  const depth = (place.depth ?? 0) + 1;
  if (depth > 2) return [];
  const some = (most: number) =>
    Array.from({ length: draw.integer(1, most) }, () => drawLayer(draw, { ...place, depth }));
  return [
    [2, () => l.residual(some(3), draw.chance(0.3) ? some(2) : [], named(draw))],
    [1, () => l.sequential(draw.of("main", "body", "m0", "s_"), some(3))],
  ];
}

/** A layer of any kind. */
export function drawLayer(draw: Draw, place: Place): Layer {
  return draw.weighed([
    ...products(draw, place),
    [6, () => drawActivation(draw)],
    ...normalisations(draw),
    ...resamplings(draw),
    ...noises(draw),
    ...comparisons(draw, place),
    ...labelled(draw, place),
    ...holders(draw, place),
  ]);
}
