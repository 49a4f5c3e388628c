// The smallest networks that training options can be tried on, and ways to look at what training did.
import { addon } from "../../lib/addon.js";
import {
  type Dataset,
  Discriminator,
  type DiscriminatorArchitecture,
  datasets,
  Generator,
  type Latent,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  type Tick,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import type { NativeReport } from "../../lib/native.js";

export const image = [1, 8, 8];
export const classes = 3;

/** latent → 16 → pixels. */
export function tinyGenerator(latent: Latent = { noise: 5 }, seed = 0): Generator {
  const label = latent.labels === "embedded" ? [l.embedding(4)] : [];
  const layers = [...label, l.linear(16), l.relu(), l.linear(64), l.tanh(), l.unflatten(image)];
  return new Generator({ latent, layers } as Generator["architecture"], { seed });
}

/** latent → w of 6, and a synthesis without noise that w styles. */
export function tinyStyledGenerator(latent: Latent = { noise: 5 }, seed = 0): Generator {
  const parts = {
    mapping: [l.linear(6), l.leakyRelu(0.2)],
    synthesis: [
      ...[l.constant([4, 4, 4]), l.modulatedConv2d(4, 3), l.leakyRelu(0.2)],
      l.modulatedConv2d(1, 3, { upsample: true }),
    ],
  };
  return new Generator({ latent, layers: [l.styled(parts)] } as Generator["architecture"], {
    seed,
  });
}

/** pixels → 16 → whatever the last layers make of it. */
export function tinyDiscriminator(
  last: DiscriminatorArchitecture["layers"] = [l.linear(1)],
  more: Partial<DiscriminatorArchitecture> = {},
): Discriminator {
  const body = [l.flatten(), l.linear(16), l.leakyRelu(0.2)];
  return new Discriminator({ image, layers: [...body, ...last], ...more }, { seed: 1 });
}

/** A discriminator that takes labels. */
export const conditionalDiscriminator = (count = classes) =>
  tinyDiscriminator([l.projection()], { classes: count });

/** A discriminator with heads. */
export const headedDiscriminator = (widths: { classes?: number; codes?: number }) =>
  tinyDiscriminator([
    l.heads({
      score: [l.linear(1)],
      ...(widths.classes === undefined ? {} : { classes: [l.linear(widths.classes)] }),
      ...(widths.codes === undefined ? {} : { codes: [l.linear(widths.codes)] }),
    }),
  ]);

/** A discriminator that is an autoencoder: its scores are energies. */
export function tinyAutoencoder(loss: "mse" | "l1" = "mse"): Discriminator {
  const inside = [l.flatten(), l.linear(16), l.leakyRelu(0.2), l.linear(64), l.unflatten(image)];
  return new Discriminator(
    { image, layers: [l.reconstructionError(inside, { loss })] },
    { seed: 1 },
  );
}

const adam = optimizers.adam({ lr: 1e-3, betas: [0.5, 0.999] });

/** A trainer of the tiny pair, with a stream of random numbers of its own. */
export function tinyTrainer(
  options: Partial<TrainerOptions> & { readonly latent?: Latent } = {},
): Trainer {
  const { latent, ...given } = options;
  return new Trainer({
    generator: tinyGenerator(latent),
    discriminator: tinyDiscriminator(),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    execution: "eager",
    ...given,
  });
}

/** Networks that an objective can be trained with. */
export function fitting(objective: Objective): Partial<TrainerOptions> & { latent: Latent } {
  if (objective.type === "energyBased" || objective.type === "boundaryEquilibrium")
    return { latent: { noise: 5 }, discriminator: tinyAutoencoder() };
  if (objective.penalties.some(({ type }) => type === "pathLength"))
    // One of which no gradient is rounding alone: Adam would make a step of it.
    return { latent: { noise: 5 }, generator: tinyStyledGenerator({ noise: 5 }, 1) };
  const [auxiliary] = objective.auxiliaries;
  if (auxiliary === undefined) return { latent: { noise: 5 } };
  const codes = auxiliary.type === "infogan" ? 2 : 0;
  const heads = codes > 0 ? { classes, codes } : { classes };
  return { latent: { noise: 5, classes, codes }, discriminator: headedDiscriminator(heads) };
}

/** Images that nobody drew, and labels that go round. */
export function labelledImages(
  count: number,
  labelOf: (index: number) => number = (index) => index % classes,
): Promise<Dataset> {
  const bytes = Uint8Array.from({ length: count * 64 }, (_, i) => (i * i * 7) >> 2);
  const labels = Uint8Array.from({ length: count }, (_, i) => labelOf(i));
  return datasets.fromBytes(bytes, { shape: [count, ...image], labels });
}

export async function collect(ticks: AsyncIterable<Tick>): Promise<Tick[]> {
  const all: Tick[] = [];
  for await (const tick of ticks) all.push(tick);
  return all;
}

/** Losses of every step: [discriminator, generator]. */
export async function losses(
  trainer: Trainer,
  data: Dataset,
  steps = 3,
  batchSize = 8,
): Promise<[number, number][]> {
  const ticks = await collect(trainer.run(data, { steps, batchSize, tickEvery: 1 }));
  return ticks.map((tick) => [tick.discriminatorLoss, tick.generatorLoss]);
}

/** Every float of a network's state dict, by key. */
export async function stateOf(
  network: Generator | Discriminator,
): Promise<Map<string, Float32Array>> {
  const tensors = await network.native.state();
  const floats = tensors.filter(({ dtype }) => dtype === "float32");
  return new Map(
    floats.map(({ name, data }) => [name, new Float32Array(new Uint8Array(data).buffer)]),
  );
}

/** Every parameter of a network without buffers, side by side. */
export async function weightsOf(network: Generator | Discriminator): Promise<number[]> {
  return [...(await stateOf(network)).values()].flatMap((values) => [...values]);
}

/** What native code reported of each run() while `work` was done. */
export async function reportsOf(work: () => Promise<unknown>): Promise<NativeReport[]> {
  const reports: NativeReport[] = [];
  const native = addon() as { Trainer: ReturnType<typeof addon>["Trainer"] };
  const Original = native.Trainer;
  native.Trainer = function Watched(...given: ConstructorParameters<typeof Original>) {
    const inner = new Original(...given);
    return {
      run: async (...run: Parameters<typeof inner.run>) => {
        const report = await inner.run(...run);
        if (report !== null) reports.push(report);
        return report;
      },
      stop: () => inner.stop(),
      dispose: () => inner.dispose(),
    };
  } as unknown as typeof Original;
  try {
    await work();
  } finally {
    native.Trainer = Original;
  }
  return reports;
}
