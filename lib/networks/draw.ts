// Latents as numbers: what native sampling draws.
import { addon, crossing, direct } from "../addon.js";
import type { Device } from "../device.js";
import type { NativeLatent, NativeSampleRequest } from "../native.js";
import type { Floats } from "../arrays.js";

/**
 * What sampling with this seed draws, bit for bit: a network without layers shows it.
 * [count, noise + classes + codes], labels as one-hot, also of a latent whose labels are embedded.
 */
export async function drawLatents(
  latent: NativeLatent,
  device: Device,
  request: Omit<NativeSampleRequest, "latent" | "truncationPsi">,
): Promise<Floats> {
  const { Network } = addon();
  const nothing = direct(() => new Network({ layers: [], device, bytes: 0 }));
  try {
    const shown = { ...latent, oneHot: true };
    const asked = { ...request, latent: shown, truncationPsi: 1 };
    return await crossing(() => nothing.sample(asked, { fused: false }));
  } finally {
    nothing.dispose();
  }
}

/** Part of each row of a matrix of rows that are `width` long. */
export function columnsOf(matrix: Float32Array, width: number, start: number, end: number): Floats {
  const rows = matrix.length / width;
  const part = new Float32Array(rows * (end - start));
  for (let i = 0; i < rows; ++i)
    part.set(matrix.subarray(i * width + start, i * width + end), i * (end - start));
  return part;
}
