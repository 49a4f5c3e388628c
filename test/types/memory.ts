// Whose memory an array is over. A result's is its own, as what goes to the web's interfaces has to be; what is given
// may be over any. Nothing here runs: `npm run typecheck` is the test.
import { type Discriminator, type Generator, Images, latents } from "../../lib/index.js";

type OwnBytes = Uint8Array<ArrayBuffer>;
type OwnFloats = Float32Array<ArrayBuffer>;

export async function results(generator: Generator, discriminator: Discriminator) {
  const samples = await generator.sample(4);
  const png: OwnBytes = await samples.toPng();
  const weights: OwnBytes = await generator.toSafetensors();
  const model: OwnBytes = await generator.toOnnx();
  const noise: OwnFloats = await generator.noise(4);
  const way: OwnFloats = latents.slerp(noise, noise, 0.5);
  const pixels: OwnFloats = samples.data;
  const scores: OwnFloats = await discriminator.score(samples);
  const logits: OwnFloats = await discriminator.classify(samples);
  await crypto.subtle.digest("SHA-256", pixels);
  return [new Blob([png, weights, model]), way, scores, logits];
}

/** What is given is an array of any memory to the compiler; the call refuses what is shared. */
export async function given(generator: Generator, bytes: Uint8Array, floats: Float32Array) {
  await generator.loadWeights(bytes);
  await generator.sample(1, { noise: floats });
  await generator.generate(floats);
  latents.lerp(floats, floats, 0.5);
  return new Images(floats, [1, 1, 2, 2]);
}
