import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import * as l from "../layers/index.js";
import { product, type Shape } from "../layers/kind.js";
import { type PairOptions, readOptions, type UnconditionalDiscriminator } from "./options.js";

/**
 * The generator of the first GAN (Goodfellow et al. 2014, Generative Adversarial Networks): latent → 1200 → 1200
 * → pixels with ReLU. Its last layer is a Tanh, as everywhere here; the paper's is a Sigmoid, its pixels in
 * [0, 1]. Weights begin as torch.nn's do; the paper's are uniform in ±0.05.
 */
export function goodfellow2014<const L extends Latent>(options: {
  latent: L;
  image: Shape;
}): GeneratorArchitecture<L>;
/** Its discriminator: two layers of 240 maxout units of 5 pieces, dropout on the pixels and behind both, Sigmoid. */
export function goodfellow2014(options: { image: Shape }): UnconditionalDiscriminator;
export function goodfellow2014(
  options: PairOptions,
): GeneratorArchitecture | DiscriminatorArchitecture {
  const { latent } = readOptions(options);
  const image = check.shape(options.image, "image");
  if (latent === undefined) return discriminator(image);
  return {
    latent,
    layers: [
      l.sequential("model", [
        l.linear(1200),
        l.relu(),
        l.linear(1200),
        l.relu(),
        l.linear(product(image)),
        l.tanh(),
      ]),
      l.unflatten(image),
    ],
  };
}

function discriminator(image: Shape): DiscriminatorArchitecture {
  return {
    image,
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
