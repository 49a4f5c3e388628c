// A generator that Sparring exported as ONNX: what its file says of it, and a sample as pixels. The same code runs in
// Node, under the same import.
import { InferenceSession, Tensor } from "onnxruntime-web";
import { metadataOf } from "./metadata.js";

/**
 * @typedef {object} Exported
 * @property {InferenceSession} session
 * @property {{ noise: number, distribution: "normal" | "uniform", classes: number, codes: number }} latent
 * @property {[black: number, white: number]} range
 */

/**
 * A generator from the bytes of its file.
 *
 * @param {Uint8Array} bytes @returns {Promise<Exported>}
 */
export async function load(bytes) {
  const session = await InferenceSession.create(bytes);
  const { "sparring.latent": latent, "sparring.range": range } = metadataOf(bytes);
  if (latent === undefined || range === undefined)
    throw new TypeError(
      "Expected sparring.latent and sparring.range for the model's metadata but received none (export it again)",
    );
  const [images] = session.outputMetadata;
  const shape = images?.isTensor ? images.shape : [];
  if (shape.length !== 4 || (shape[1] !== 1 && shape[1] !== 3))
    throw new TypeError(
      `Expected [N, 1 or 3, height, width] for the model's images but received [${shape.join(", ")}]`,
    );
  return { session, latent: JSON.parse(latent), range: JSON.parse(range) };
}

/** N(0, 1), by Box and Muller. */
const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** U(−1, 1). */
const between = () => 2 * Math.random() - 1;

/** What noise is drawn from, of variance 1 in either case. */
const noises = { normal, uniform: () => Math.sqrt(3) * between() };

/** @param {number} width @param {() => number} draw */
function drawn(width, draw) {
  return new Tensor("float32", Float32Array.from({ length: width }, draw), [1, width]);
}

/**
 * One sample, as the RGBA bytes of an ImageData.
 *
 * @param {Exported} generator
 * @param {string} label of 0 to classes - 1; what it is does not matter where there are no classes
 */
export async function sample({ session, latent, range: [black, white] }, label) {
  const { noise, distribution, classes, codes } = latent;
  if (classes > 0 && !(/^\d+$/.test(label) && Number(label) < classes))
    throw new RangeError(
      `Expected a whole number from 0 to ${classes - 1} for label but received ${label || "nothing"}`,
    );
  const { images } = await session.run({
    noise: drawn(noise, noises[distribution]),
    ...(classes > 0 && { labels: new Tensor("int64", [BigInt(label)], [1]) }),
    ...(codes > 0 && { codes: drawn(codes, between) }),
  });
  if (images === undefined) throw new TypeError("Expected a model with the output images");
  const [, channels = 1, height = 1, width = 1] = images.dims;
  const values = await images.getData();
  const plane = height * width;
  // Clamped: a generator without a tanh or sigmoid at its end leaves its range here and there.
  const pixels = new Uint8ClampedArray(4 * plane).fill(255);
  for (let i = 0; i < plane; ++i)
    for (let channel = 0; channel < 3; ++channel) {
      const value = Number(values[(channels === 3 ? channel : 0) * plane + i]);
      pixels[4 * i + channel] = (255 * (value - black)) / (white - black);
    }
  return { pixels, width, height };
}
