// What a run trains and by which rules: those of a preset, but for what a file says in their place.
import { isDeepStrictEqual } from "node:util";
import {
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  resolveDiscriminator,
  resolveGenerator,
} from "../architecture.js";
import * as check from "../check.js";
import { checkImageSize, type ImageSize, sidesOf, sizeOf } from "../data/size.js";
import { outOfRange, show, within, wrongType } from "../errors.js";
import { checkObjective } from "../objectives/table.js";
import { checkOptimizer } from "../optimizers/table.js";
import { defaultPreset, type Preset, type PresetName, presets } from "../presets.js";
import type { PresetImage } from "../presets/kind.js";
import { checkAdaOptions } from "../trainer/ada.js";
import { checkEma, checkOptimizers, checkPolicies } from "../trainer/check-options.js";
import { checkFrozenOptions } from "../trainer/frozen.js";
import {
  fakesKinds,
  orders,
  type RuleName,
  type TrainerSettings,
  usualFakes,
} from "../trainer/options.js";
import { checkWhole, limits } from "./limits.js";
import type { Naming, RunRequest } from "./plan.js";

/** Networks that are no preset's. */
export interface Networks {
  readonly generator: GeneratorArchitecture;
  readonly discriminator: DiscriminatorArchitecture;
}

/** How the two are trained, with nothing left open. */
export interface Rules extends Pick<TrainerSettings, Exclude<RuleName, "ema" | "ada">> {
  /** The moving average of the generator; null for none. */
  readonly ema: NonNullable<TrainerSettings["ema"]> | null;
  /** Adaptive discriminator augmentation; null for none. */
  readonly ada: NonNullable<TrainerSettings["ada"]> | null;
}

/**
 * Checks the networks of a request; null for those of a preset. Throws TypeError, RangeError or
 * ERR_ARCHITECTURE.
 */
export function planNetworks(request: RunRequest, naming: Naming): Networks | null {
  const { generator, discriminator } = request;
  if (generator === undefined && discriminator === undefined) {
    // The config.json of a run with its own networks: without them it would be another run.
    if (request.preset === null) throw wrongType("a preset, or networks,", naming("preset"), null);
    return null;
  }
  for (const player of ["generator", "discriminator"] as const)
    if (request[player] === undefined)
      throw wrongType("both networks, or neither,", naming(player), undefined);
  return {
    generator: checkGenerator(generator, naming),
    discriminator: checkDiscriminator(discriminator, naming),
  };
}

/** Checks a generator. Throws TypeError, RangeError or ERR_ARCHITECTURE. */
export function checkGenerator(value: unknown, naming: Naming): GeneratorArchitecture {
  const generator = value as GeneratorArchitecture;
  within(naming("generator"), () => resolveGenerator(generator));
  return generator;
}

/** Checks a discriminator of images, as datasets are resized to. */
export function checkDiscriminator(value: unknown, naming: Naming): DiscriminatorArchitecture {
  const discriminator = value as DiscriminatorArchitecture;
  within(naming("discriminator"), () => resolveDiscriminator(discriminator));
  const { image } = discriminator;
  const isGreyOrColour = image[0] === 1 || image[0] === 3;
  if (image.length !== 3 || !isGreyOrColour)
    throw wrongType(
      "an image of [1, height, width] or [3, height, width]",
      `image of ${naming("discriminator")}`,
      image,
    );
  return discriminator;
}

/** The images that networks are of: [channels, height, width]. */
export const imageOf = ({ discriminator }: Networks) =>
  discriminator.image as readonly [channels: 1 | 3, height: number, width: number];

/** Checks that a preset can make images of a size. Throws TypeError or RangeError. */
export function checkSize(size: unknown, preset: PresetName, name: string): ImageSize {
  const { fits, what } = presets[preset].size;
  const checked = checkImageSize(size, name);
  if (!fits(...sidesOf(checked))) throw outOfRange(`${what} (preset ${preset})`, name, size);
  return checked;
}

/**
 * The size of the images of networks, which one that was asked for has to be. Throws TypeError or
 * RangeError.
 */
export function checkFittingSize(networks: Networks, size: unknown, name: string): ImageSize {
  const [, height, width] = imageOf(networks);
  const own = sizeOf(height, width);
  if (size === undefined || isDeepStrictEqual(checkImageSize(size, name), own)) return own;
  throw outOfRange(`${show(own)}, as the discriminator takes,`, name, size);
}

/** Checks that channels which were asked for are those of the networks. Throws RangeError. */
export function checkFitting(networks: Networks, channels: 1 | 3 | undefined, name: string) {
  const [own] = imageOf(networks);
  if (channels === undefined || channels === own) return channels;
  throw outOfRange(`${own}, as the discriminator takes,`, name, channels);
}

/** The networks that are trained on such images. */
export function pairOf(
  { preset, networks }: { preset: PresetName | null; networks: Networks | null },
  image: PresetImage,
): Networks {
  return networks ?? presets[preset ?? defaultPreset].pair(image);
}

/**
 * Checks the rules of a request, and takes the preset's where it says nothing. Throws TypeError or
 * RangeError.
 */
export function planRules(request: RunRequest, preset: PresetName, naming: Naming): Rules {
  const usual: Preset = presets[preset];
  const chosen = <Key extends keyof Rules>(key: Key) =>
    request[key] === undefined ? (usual[key] ?? null) : request[key];
  const { lr } = request;
  const rate = lr === undefined ? {} : { lr: check.positive(lr, naming("lr")) };
  const rule = <T>(key: keyof Rules, read: (value: unknown) => T) =>
    within(naming(key), () => read(chosen(key)));
  const name = naming("optimizer");
  const withRate = (value: unknown, player: string) => {
    const own = name.replace("optimizer", player);
    return checkOptimizer({ ...checkOptimizer(value, own), ...rate }, own);
  };
  const updates = (key: "discriminatorSteps" | "generatorSteps") =>
    checkWhole(chosen(key) ?? 1, naming(key), limits[key]);
  const order = check.oneOf(chosen("order") ?? "generatorFirst", naming("order"), orders);
  return {
    objective: rule("objective", (value) => checkObjective(value, "objective")),
    optimizer: checkOptimizers(chosen("optimizer"), name, withRate),
    order,
    fakes: check.oneOf(chosen("fakes") ?? usualFakes[order], naming("fakes"), fakesKinds),
    discriminatorSteps: updates("discriminatorSteps"),
    generatorSteps: updates("generatorSteps"),
    frozen: checkFrozenOptions(chosen("frozen") ?? {}),
    ema: rule("ema", (value) => (value === null ? null : checkEma(value))),
    diffAugment: rule("diffAugment", (value) => checkPolicies(value ?? [])),
    ada: rule("ada", (value) => (value === null ? null : checkAdaOptions(value))),
  };
}
