import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import { resolveLatent } from "../architecture.js";
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import * as l from "../layers/index.js";
import { product, type Layer, type Shape } from "../layers/kind.js";

/** The generator of every tutorial: latent → 128 → 256 → 512 → 1024 → pixels, BatchNorm(eps 0.8), Tanh. */
export function mlp(options: { latent: Latent; image: Shape }): GeneratorArchitecture;
/** The article's discriminator: pixels → 512 → 256 → 1 with LeakyReLU(0.2), then Sigmoid. */
export function mlp(options: { image: Shape }): DiscriminatorArchitecture;
export function mlp(options: {
  latent?: Latent;
  image: Shape;
}): GeneratorArchitecture | DiscriminatorArchitecture {
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["latent", "image"]);
  const image = check.shape(options.image, "image");
  if (options.latent === undefined) return discriminator(image);
  resolveLatent(options.latent, "latent");
  return generator(options.latent, image);
}

function generator(latent: Latent, image: Shape): GeneratorArchitecture {
  const block = (width: number): Layer[] => [
    l.linear(width),
    l.batchNorm1d({ eps: 0.8 }),
    l.leakyRelu(0.2),
  ];
  return {
    latent,
    layers: [
      l.sequential("model", [
        l.linear(128),
        l.leakyRelu(0.2),
        ...block(256),
        ...block(512),
        ...block(1024),
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
        l.linear(512),
        l.leakyRelu(0.2),
        l.linear(256),
        l.leakyRelu(0.2),
        l.linear(1),
        l.sigmoid(),
      ]),
    ],
  };
}
