import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  architectures,
  type Dataset,
  Discriminator,
  datasets,
  Generator,
  type Latent,
  objectives,
  optimizers,
  Trainer,
} from "../../lib/index.js";
import { readSafetensors } from "../../lib/safetensors.js";

export interface PairOptions {
  readonly pair: "article" | "mlp";
  readonly size: number;
  readonly latent: Latent;
  readonly seed?: number;
  readonly execution?: "eager" | "fused";
}

/** A generator, a discriminator and their trainer, as the article sets them up. */
export function makePair({ pair, size, latent, seed = 0, execution = "eager" }: PairOptions) {
  const image = [1, size, size];
  const architecture =
    pair === "article"
      ? architectures.upsampling({ latent, image })
      : architectures.mlp({ latent, image });
  const generator = new Generator(architecture, { seed });
  const discriminator = new Discriminator(architectures.mlp({ image }));
  const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
  const trainer = new Trainer({
    generator,
    discriminator,
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    execution,
  });
  return { generator, discriminator, trainer };
}

/** The smallest pair that has everything: BatchNorm, upsampling, convolutions. */
export const smallPair = (options: Partial<PairOptions> = {}) =>
  makePair({ pair: "article", size: 8, latent: { noise: 5 }, ...options });

/** Images that nobody drew: bytes from a fixed linear congruence. */
export function madeImages(count: number, size = 8): Promise<Dataset> {
  let state = 1;
  const bytes = Uint8Array.from({ length: count * size * size }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state >> 16;
  });
  return datasets.fromBytes(bytes, { shape: [count, 1, size, size] });
}

/** SHA-256 over the sorted state of networks, as test/parity/train.py computes it. */
export async function digest(...networks: (Generator | Discriminator)[]): Promise<string> {
  const total = createHash("sha256");
  await withFolder(async (folder) => {
    for (const network of networks) {
      const path = join(folder, "weights.safetensors");
      await network.saveWeights(path);
      const tensors = await readSafetensors(path);
      for (const { name, data } of tensors.sort((a, b) => (a.name < b.name ? -1 : 1)))
        total.update(name).update(data);
    }
  });
  return total.digest("hex");
}

/** Runs with a temporary folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sparring-test-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
