// What the compiler knows of conditional networks, and of the length of a run. Nothing here runs: `npm run typecheck` is the test, and a
// line that should not compile fails it by compiling.
import {
  type Dataset,
  Discriminator,
  type DiscriminatorArchitecture,
  Generator,
  type GeneratorArchitecture,
  Images,
  layers as l,
  type Trainer,
} from "../../lib/index.js";

const layers = [l.linear(4), l.unflatten([1, 2, 2])];
const images = new Images(new Float32Array(4), [1, 1, 2, 2]);

export async function unconditional() {
  const generator = new Generator({ latent: { noise: 4 }, layers });
  await generator.sample(1, { seed: 1 });
  await generator.sample(1, { noise: await generator.noise(1, { seed: 1 }) });
  // @ts-expect-error noise is drawn without labels
  await generator.noise(1, { labels: 3 });
  // @ts-expect-error there are no classes
  await generator.sample(1, { labels: 3 });
  // @ts-expect-error there are no codes
  await generator.sample(1, { codes: [0] });
  // @ts-expect-error there are no classes
  await generator.generate(new Float32Array(4), { labels: 3 });
  const none = new Generator({ latent: { noise: 4, classes: 0, codes: 0 }, layers });
  // @ts-expect-error no classes at all
  await none.sample(1, { labels: 3 });
  // @ts-expect-error no codes at all
  await none.sample(1, { codes: [0] });
  // @ts-expect-error neither has its copy
  await none.clone().sample(1, { labels: 3 });
}

export async function oneHot() {
  const generator = new Generator({ latent: { noise: 4, classes: 10, codes: 2 }, layers });
  await generator.sample(2, { seed: 1, labels: 3, codes: [0, 1] });
  await generator.sample(2, {
    labels: [3, 4],
    codes: [
      [0, 1],
      [1, 0],
    ],
  });
  await generator.clone().sample(2, { labels: 3 });
  await generator.generate(new Float32Array(16));
  // @ts-expect-error the labels are in the latents
  await generator.generate(new Float32Array(16), { labels: 3 });
  // @ts-expect-error a label is a number
  await generator.sample(2, { labels: "3" });
  const latent = { noise: 4, classes: 10 };
  await new Generator({ latent, layers }).sample(1, { labels: 3 });
  // @ts-expect-error classes, but no codes
  await new Generator({ latent, layers }).sample(1, { codes: [0] });
}

export async function embedded() {
  const generator = new Generator({
    latent: { noise: 4, classes: 10, labels: "embedded" },
    layers: [l.embedding(4), ...layers],
  });
  await generator.sample(1, { labels: 3 });
  await generator.generate(new Float32Array(4), { labels: [3] });
  // @ts-expect-error a label is needed
  await generator.generate(new Float32Array(4));
}

/** Where the type does not tell, the call does. */
export async function wide(architecture: GeneratorArchitecture) {
  const generator: Generator = new Generator(architecture);
  await generator.sample(1, { labels: 3, codes: [0] });
  await generator.generate(new Float32Array(4), { labels: 3 });
  await generator.generate(new Float32Array(4));
  // @ts-expect-error nobody has such an option
  await generator.sample(1, { label: 3 });
}

/** Nor does the type of what comes out of JSON.parse(), which is any. */
export async function parsed(text: string) {
  const { generator, discriminator } = JSON.parse(text);
  for (const latent of [generator.latent, { noise: 4, ...generator.latent }]) {
    const maker = new Generator({ latent, layers: generator.layers });
    await maker.sample(1, { labels: 3, codes: [0] });
    await maker.generate(new Float32Array(4), { labels: 3 });
    await maker.generate(new Float32Array(4));
  }
  const { classes, labels } = generator.latent;
  const counted = new Generator({ latent: { noise: 4, classes }, layers });
  await counted.sample(1, { labels: 3 });
  await counted.generate(new Float32Array(4));
  const told = new Generator({ latent: { noise: 4, classes: 3, labels }, layers });
  await told.generate(new Float32Array(4), { labels: 3 });
  await told.generate(new Float32Array(4));
  const judges = [
    new Discriminator(discriminator),
    new Discriminator({ image: [1, 2, 2], classes: discriminator.classes, layers }),
  ];
  for (const judge of judges) {
    await judge.score(images, { labels: 3 });
    await judge.score(images);
  }
}

/** Blocks are functions that return layers. */
export async function spread() {
  const block = (width: number) => [l.linear(width), l.relu()];
  const latent = { noise: 4, classes: 3 };
  const generator = new Generator({
    latent: { noise: 4, classes: 3 },
    layers: [...block(8), ...[l.pixelNorm(), l.relu()], ...layers],
  });
  await generator.sample(1, { labels: 1 });
  await new Generator({ latent, layers: block(3) }).sample(1, { labels: 1 });
  const judge = new Discriminator({
    image: [1, 2, 2],
    layers: [l.flatten(), ...block(8), l.linear(1)],
  });
  await judge.score(images);
  // @ts-expect-error it takes no labels
  await judge.score(images, { labels: 1 });
}

export function narrowIsWide(): [Generator, Generator, Discriminator, Discriminator] {
  return [
    new Generator({ latent: { noise: 4 }, layers }),
    new Generator({ latent: { noise: 4, classes: 10, labels: "embedded" }, layers }),
    new Discriminator({ image: [1, 2, 2], layers: [l.flatten(), l.linear(1)] }),
    new Discriminator({ image: [1, 2, 2], classes: 3, layers: [l.flatten(), l.projection()] }),
  ];
}

export async function judging(architecture: DiscriminatorArchitecture) {
  const blind = new Discriminator({ image: [1, 2, 2], layers: [l.flatten(), l.linear(1)] });
  await blind.score(images);
  // @ts-expect-error it takes no labels
  await blind.score(images, { labels: 3 });
  // @ts-expect-error neither does its other answer
  await blind.classify(images, { labels: 3 });
  // @ts-expect-error it takes no labels
  await blind.scorePatches(images, { labels: 3 });
  const seeing = new Discriminator({
    image: [1, 2, 2],
    classes: 3,
    layers: [l.flatten(), l.projection()],
  });
  await seeing.score(images, { labels: 2 });
  await seeing.scorePatches(images, { labels: 2 });
  // @ts-expect-error it needs them
  await seeing.score(images);
  const unknown: Discriminator = new Discriminator(architecture);
  await unknown.score(images);
  await unknown.score(images, { labels: [1] });
}

/** Whatever a network takes beside them. */
export async function signals(
  pair: { generator: Generator; discriminator: Discriminator },
  signal: AbortSignal | undefined,
) {
  const generator = new Generator({ latent: { noise: 4 }, layers });
  await generator.sample(1, { signal });
  await generator.generate(new Float32Array(4), { signal });
  // @ts-expect-error what aborts it is no signal
  await generator.generate(new Float32Array(4), { signal: new AbortController() });
  const seeing = new Discriminator({
    image: [1, 2, 2],
    classes: 3,
    layers: [l.flatten(), l.projection()],
  });
  await seeing.score(images, { labels: 2, signal });
  // @ts-expect-error it needs labels, too
  await seeing.score(images, { signal });
  await pair.generator.generate(new Float32Array(4), { labels: 1, signal });
  await pair.generator.generate(new Float32Array(4), { execution: "fused" });
  await pair.generator.generate(new Float32Array(4), { truncationPsi: 0.7, labels: 1 });
  // @ts-expect-error a truncation of styles is a number
  await generator.generate(new Float32Array(4), { truncationPsi: "0.7" });
  // @ts-expect-error a discriminator's styles are not truncated
  await seeing.score(images, { labels: 2, truncationPsi: 0.7 });
  // @ts-expect-error there is no such one
  await pair.generator.generate(new Float32Array(4), { execution: "compiled" });
  await seeing.score(images, { labels: 2, execution: "fused" });
  await pair.discriminator.classify(images, { signal });
}

export function architectures() {
  // @ts-expect-error no noise
  new Generator({ latent: {}, layers });
  // @ts-expect-error no such way
  new Generator({ latent: { noise: 4, classes: 3, labels: "embed" }, layers });
  // @ts-expect-error no such weights
  new Generator({ latent: { noise: 4 }, layers, init: "zeros" });
  // @ts-expect-error no layer
  new Generator({ latent: { noise: 4 }, layers: [{}] });
  // @ts-expect-error a generator is no discriminator
  const other: Discriminator = new Generator({ latent: { noise: 4 }, layers });
  return other;
}

export async function lengths(trainer: Trainer, data: Dataset) {
  for await (const _ of trainer.run(data, { epochs: 2, batchSize: 8 })) return;
  // @ts-expect-error no length
  for await (const _ of trainer.run(data, { batchSize: 8 })) return;
  // @ts-expect-error two lengths
  for await (const _ of trainer.run(data, { steps: 1, epochs: 2 })) return;
  for await (const _ of trainer.run(data, { untilStep: 20_000, batchSize: 8 })) return;
  // @ts-expect-error two lengths
  for await (const _ of trainer.run(data, { steps: 1, untilStep: 2 })) return;
}
