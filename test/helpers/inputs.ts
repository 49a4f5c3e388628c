// Weights and inputs that nobody drew, the same everywhere, for whoever judges a network from outside.
import { Discriminator, type Generator } from "../../lib/index.js";
import type { StoredTensor } from "../../lib/safetensors.js";
import { product } from "../../lib/shape.js";

/** Numbers of -1 to 1. */
export function made(length: number, start: number): Float32Array {
  let state = start;
  return Float32Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state >> 15) / 32768 - 1;
  });
}

export const bytesOf = (array: Float32Array | BigInt64Array) => new Uint8Array(array.buffer);

export const valuesOf = (tensor: StoredTensor | undefined) =>
  new Float32Array((tensor?.data ?? new Uint8Array()).slice().buffer);

/**
 * Weights as no constructor makes them, so that every one of them counts. Statistics move by 0.3 at most, the
 * others by `amount`.
 */
export function disturb(tensor: StoredTensor, position: number, amount = 0.3): StoredTensor {
  if (tensor.dtype !== "F32" || /_[uv]$/.test(tensor.name)) return tensor;
  const values = valuesOf(tensor);
  const noise = made(values.length, position + 1);
  const positive = tensor.name.endsWith("running_var");
  const most = tensor.name.includes("running_") ? 0.3 : amount;
  values.forEach((value, i) => {
    values[i] = value + most * (positive ? Math.abs(noise[i] as number) : (noise[i] as number));
  });
  return { ...tensor, data: bytesOf(values) };
}

const floats = (name: string, shape: number[], start: number): StoredTensor => ({
  name,
  dtype: "F32",
  shape,
  data: bytesOf(made(product(shape), start)),
});

const labelsOf = (classes: number, count: number) =>
  Array.from({ length: count }, (_, i) => (3 * i + 1) % classes);

const labelTensor = (classes: number, count: number): StoredTensor => ({
  name: "labels",
  dtype: "I64",
  shape: [count],
  data: bytesOf(BigInt64Array.from(labelsOf(classes, count), BigInt)),
});

/** What forward() of the network's twin gets. */
export function inputsOf(network: Generator | Discriminator, count: number): StoredTensor[] {
  if (network instanceof Discriminator) {
    const { classes } = network.resolved;
    const image = floats("image", [count, ...network.image], 7);
    return classes > 0 ? [image, labelTensor(classes, count)] : [image];
  }
  const { noise, classes, codes } = network.latent;
  return [
    floats("noise", [count, noise], 5),
    ...(classes > 0 ? [labelTensor(classes, count)] : []),
    ...(codes > 0 ? [floats("codes", [count, codes], 6)] : []),
  ];
}

/** The same inputs through our own network: all columns, where score() would only show the first. */
export async function runOn(
  network: Generator | Discriminator,
  count: number,
  truncationPsi?: number,
): Promise<Float32Array> {
  const inputs = new Map(inputsOf(network, count).map((tensor) => [tensor.name, tensor]));
  const { classes, input } = network.resolved;
  const labels = classes > 0 ? Int32Array.from(labelsOf(classes, count)) : undefined;
  if (network instanceof Discriminator) {
    const manner = { fused: false, averages: false, truncationPsi: 1 };
    return network.native.forward(valuesOf(inputs.get("image")), [count, ...input], labels, manner);
  }
  const { noise, codes, classes: all, oneHot } = network.latent;
  const [noises, coded] = [valuesOf(inputs.get("noise")), valuesOf(inputs.get("codes"))];
  const latents = new Float32Array(count * product(input));
  for (let i = 0; i < count; ++i) {
    const hot = all > 0 && oneHot ? new Float32Array(all) : new Float32Array();
    if (hot.length > 0) hot[labelsOf(all, count)[i] as number] = 1;
    const row = [...noises.slice(i * noise, (i + 1) * noise), ...hot];
    latents.set([...row, ...coded.slice(i * codes, (i + 1) * codes)], i * product(input));
  }
  const options = { truncationPsi, ...(classes > 0 && { labels: labelsOf(classes, count) }) };
  return (await network.generate(latents, options)).data;
}
