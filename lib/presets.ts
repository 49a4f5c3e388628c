// Presets as data: everything that `sparring train` needs to know of a kind of GAN. A new one is a row.
import type { DiscriminatorArchitecture, GeneratorArchitecture } from "./architecture.js";
import * as architectures from "./architectures/index.js";
import { type Objective, nonSaturating } from "./objectives.js";
import { adam, type Optimizer } from "./optimizers.js";

/** Which images a pair is built for: square ones. */
export interface PresetImage {
  /** Side in pixels. */
  readonly size: number;
  readonly channels: number;
}

/** A pair of networks and how it is trained by default. */
export interface Preset {
  /** What it is, for --help. */
  readonly summary: string;
  readonly size: {
    readonly default: number;
    /** Which sizes the pair can make, as the WHAT of an error. */
    readonly what: string;
    fits(size: number): boolean;
  };
  readonly steps: number;
  readonly batch: number;
  readonly objective: Objective;
  readonly optimizer: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  pair(image: PresetImage): {
    readonly generator: GeneratorArchitecture;
    readonly discriminator: DiscriminatorArchitecture;
  };
}

/** Enough for digits that a stranger recognises, in under 3 minutes on 2 CPU cores. */
const articleSteps = 1_800;
const mlpSteps = 5_000;

const adamOfTheArticle = adam({ lr: 2e-4, betas: [0.5, 0.999] });
const optimizer = { generator: adamOfTheArticle, discriminator: adamOfTheArticle };

const article: Preset = {
  summary: "the article's pair: Linear, two Upsample and Conv, against an MLP",
  size: { default: 32, what: "a multiple of 4", fits: (size) => size % 4 === 0 },
  steps: articleSteps,
  batch: 64,
  objective: nonSaturating(),
  optimizer,
  pair({ size, channels }) {
    const image = [channels, size, size];
    return {
      generator: architectures.upsampling({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image }),
    };
  },
};

const mlp: Preset = {
  summary: "the MLP pair of every tutorial: 128-256-512-1024 against 512-256",
  size: { default: 28, what: "a whole number of at least 1", fits: () => true },
  steps: mlpSteps,
  batch: 64,
  objective: nonSaturating(),
  optimizer,
  pair({ size, channels }) {
    const image = [channels, size, size];
    return {
      generator: architectures.mlp({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image }),
    };
  },
};

/** Every preset there is. */
export const presets = { article, mlp } satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as PresetName[];

export const defaultPreset: PresetName = "article";
