// Latents as numbers: what native sampling draws, and samples of noise that the user brings.
import { addon, crossing, direct } from "../addon.js";
import type { Device } from "../device.js";
import type { NativeLatent } from "../native.js";

/** Samples of a forward pass: native sampling cuts them the same way. */
export const sampleBatch = 256;

/**
 * What sampling with this seed draws, bit for bit: a network without layers shows it. [count, noise + classes + codes],
 * labels as one-hot, also of a latent whose labels are embedded.
 */
export async function drawLatents(
  latent: NativeLatent,
  device: Device,
  count: number,
  seed: number,
  labels?: Int32Array,
  codes?: Float32Array,
): Promise<Float32Array> {
  const { Network } = addon();
  const nothing = direct(() => new Network([], device, undefined, 0, "torch"));
  try {
    const shown = { ...latent, oneHot: true };
    return await crossing(() => nothing.sample(shown, count, seed, labels, codes));
  } finally {
    nothing.dispose();
  }
}

/** Part of each row of a matrix of rows that are `width` long. */
export function columnsOf(
  matrix: Float32Array,
  width: number,
  start: number,
  end: number,
): Float32Array {
  const rows = matrix.length / width;
  const part = new Float32Array(rows * (end - start));
  for (let i = 0; i < rows; ++i)
    part.set(matrix.subarray(i * width + start, i * width + end), i * (end - start));
  return part;
}

/** Writes `part` over the columns from `start` on. */
export function setColumns(
  matrix: Float32Array,
  width: number,
  start: number,
  part: Float32Array,
): void {
  const rows = matrix.length / width;
  const size = part.length / rows;
  for (let i = 0; i < rows; ++i)
    matrix.set(part.subarray(i * size, (i + 1) * size), i * width + start);
}

/** Where each row of a one-hot matrix has its 1. */
export function labelsOf(oneHot: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: oneHot.length / classes }, (_, i) =>
    oneHot.subarray(i * classes, (i + 1) * classes).indexOf(1),
  );
}
