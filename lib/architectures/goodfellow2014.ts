import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import * as l from "../layers/index.js";
import { product, type Shape } from "../shape.js";
import { type PairOptions, readOptions, type UnconditionalDiscriminator } from "./options.js";

/** Options of the pair of the first GAN. */
export interface Goodfellow2014Options extends PairOptions {
  /**
   * As in the paper's code: pixels are in [0, 1], by a Sigmoid at the generator's end, and weights
   * begin uniform in ±0.05 (generator) and ±0.005 (discriminator), biases at 0. (There the
   * generator's last biases begin at the logits of the mean image, which no network here knows.)
   * Else pixels are −1 to 1, by a Tanh, and weights begin as torch.nn's do.
   * @default false
   */
  readonly original?: boolean | undefined;
}

/**
 * The generator of the first GAN (Goodfellow et al. 2014, Generative Adversarial Networks): latent
 * → 1200 → 1200 → pixels with ReLU. The latent of the paper's code is
 * `{ noise: 100, distribution: "uniform" }`.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function goodfellow2014<const L extends Latent>(
  options: Goodfellow2014Options & { latent: L },
): GeneratorArchitecture<L>;
/**
 * Its discriminator: two layers of 240 maxout units of 5 pieces, dropout on the pixels and behind
 * both, Sigmoid.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function goodfellow2014(
  options: Goodfellow2014Options & { latent?: undefined },
): UnconditionalDiscriminator;
export function goodfellow2014(
  options: Goodfellow2014Options,
): GeneratorArchitecture | DiscriminatorArchitecture {
  const own = { generator: ["original"], discriminator: ["original"] };
  const { latent } = readOptions(options, own);
  const image = check.shape(options.image, "image");
  const original = check.boolean(options.original ?? false, "original");
  return latent === undefined ? discriminator(image, original) : generator(latent, image, original);
}

const unit = [0, 1] as const;

function generator(latent: Latent, image: Shape, original: boolean): GeneratorArchitecture {
  return {
    latent,
    ...(original ? { init: { type: "uniform", range: 0.05 }, range: unit } : {}),
    layers: [
      l.sequential("model", [
        l.linear(1200),
        l.relu(),
        l.linear(1200),
        l.relu(),
        l.linear(product(image)),
        original ? l.sigmoid() : l.tanh(),
      ]),
      l.unflatten(image),
    ],
  };
}

function discriminator(image: Shape, original: boolean): DiscriminatorArchitecture {
  return {
    image,
    ...(original ? { init: { type: "uniform", range: 0.005 }, range: unit } : {}),
    layers: [
      l.flatten(),
      l.sequential("model", [
        l.dropout(0.2),
        l.maxout(240, 5),
        l.dropout(0.5),
        l.maxout(240, 5),
        l.dropout(0.5),
        l.linear(1),
        l.sigmoid(),
      ]),
    ],
  };
}
