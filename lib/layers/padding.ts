import * as check from "../check.js";
import type { Shape } from "../shape.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, literal } from "./python.js";
import type { Site } from "./site.js";
import { withOptions } from "./with-options.js";

/** Pixels on every side, or [left, right, top, bottom], each at least 0. */
export type Sides = number | readonly [number, number, number, number];

/**
 * Zeros around `[channels, height, width]`. torch.nn.ZeroPad2d.
 *
 * @param padding pixels on every side, or [left, right, top, bottom]
 */
export function zeroPad2d(padding: Sides, options: { name?: string | undefined } = {}): Layer {
  return withOptions({ type: "zeroPad2d", padding }, options);
}

/**
 * The mirror image of `[channels, height, width]` around it, without the edge itself: fewer pixels
 * than there are on that side. torch.nn.ReflectionPad2d.
 *
 * @param padding pixels on every side, or [left, right, top, bottom]
 */
export function reflectionPad2d(
  padding: Sides,
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "reflectionPad2d", padding }, options);
}

/**
 * The edge of `[channels, height, width]` again and again around it. torch.nn.ReplicationPad2d.
 *
 * @param padding pixels on every side, or [left, right, top, bottom]
 */
export function replicationPad2d(
  padding: Sides,
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "replicationPad2d", padding }, options);
}

export type Four = readonly [number, number, number, number];

/** Whether there is as much on every side. */
export const isEven = (padding: Four) => padding.every((side) => side === padding[0]);

/** The option `padding`. */
export function sidesOf(layer: Layer, at: Site): Four {
  const name = at.option("padding");
  const { padding } = layer;
  if (!Array.isArray(padding)) {
    const all = check.integer(padding, name, 0);
    return [all, all, all, all];
  }
  if (padding.length !== 4) check.shape(padding, name, 4);
  // Array.from sees the holes of a sparse array, which map would skip.
  return Array.from(padding, (side, i) =>
    check.integer(side, at.option(`padding[${i}]`), 0),
  ) as unknown as Four;
}

/** Throws where an axis is too short for what is mirrored on its sides. */
function checkMirror([left, right, top, bottom]: Four, image: Shape, at: Site): void {
  const [, height, width] = image as [number, number, number];
  if (Math.max(left, right) < width && Math.max(top, bottom) < height) return;
  const what = `height above ${Math.max(top, bottom)} and width above ${Math.max(left, right)}, which are mirrored,`;
  throw at.refuse(what, image);
}

function padKind(torchName: string, onnxMode: string, fits: typeof checkMirror): LayerKind {
  return layerKind({
    options: ["padding"],
    keepsProbabilities: true,
    resolve(layer, input, at) {
      const padding = sidesOf(layer, at);
      const [channels, height, width] = at.image(input);
      fits(padding, input, at);
      const [left, right, top, bottom] = padding;
      return {
        options: { padding },
        output: [channels, height + top + bottom, width + left + right],
      };
    },
    python({ options }) {
      const padding = options.padding;
      return { module: call(`nn.${torchName}`, literal(isEven(padding) ? padding[0] : padding)) };
    },
    onnx({ options }, x, to) {
      const [left, right, top, bottom] = options.padding;
      const pads = to.ints([0, 0, top, left, 0, 0, bottom, right]);
      return to.node("Pad", [x, pads], { mode: onnxMode });
    },
  });
}

export const zeroPad2dKind: LayerKind = {
  ...padKind("ZeroPad2d", "constant", () => {}),
  bends: () => "never",
};
export const reflectionPad2dKind = padKind("ReflectionPad2d", "reflect", checkMirror);
export const replicationPad2dKind = padKind("ReplicationPad2d", "edge", () => {});
