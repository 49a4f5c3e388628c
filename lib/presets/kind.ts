// What a preset is, and what several of them share.
import type { DiscriminatorArchitecture, GeneratorArchitecture } from "../architecture.js";
import { adam } from "../optimizers/index.js";
import type { Shape } from "../shape.js";
import type { RuleName, TrainerOptions } from "../trainer/options.js";

/** The images that a pair is built for. */
export interface PresetImage {
  /** [channels, height, width] */
  readonly image: Shape;
  /** Classes of their labels, for pairs that are told them. @default 10, as of MNIST */
  readonly classes?: number | undefined;
}

/** The sides of images that a pair can make. */
export interface PresetSides {
  readonly default: number;
  /** These sides in words, as the WHAT of an error. */
  readonly what: string;
  fits(height: number, width: number): boolean;
}

/** A pair of networks and how it is trained by default. */
export interface Preset extends Pick<TrainerOptions, RuleName> {
  /** What it is, for --help. */
  readonly summary: string;
  readonly size: PresetSides;
  readonly steps: number;
  readonly batch: number;
  pair(image: PresetImage): {
    readonly generator: GeneratorArchitecture;
    readonly discriminator: DiscriminatorArchitecture;
  };
}

export const anySide = (size: number): PresetSides => ({
  default: size,
  what: "a whole number of at least 1",
  fits: () => true,
});

export const multipleOf = (factor: number): PresetSides => ({
  default: 32,
  what: `a multiple of ${factor} on each side`,
  fits: (...sides) => sides.every((side) => side % factor === 0),
});

export const squareOf = (...sides: number[]): PresetSides => ({
  default: 32,
  what: `a square with a side of ${sides.slice(0, -1).join(", ")} or ${sides.at(-1)}`,
  fits: (height, width) => height === width && sides.includes(height),
});

/** One optimizer for both players. */
export const both = (optimizer: Preset["optimizer"]["generator"]): Preset["optimizer"] => ({
  generator: optimizer,
  discriminator: optimizer,
});

/** What DCGAN's authors found, and most scripts took over. */
export const usualAdam = both(adam({ lr: 2e-4, betas: [0.5, 0.999] }));
