import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import { product, type Shape } from "../shape.js";
import { isEmbedded, type PairOptions, readOptions, type Scores } from "./options.js";

/**
 * The generator of every tutorial: latent → 128 → 256 → 512 → 1024 → pixels, BatchNorm(eps 0.8),
 * Tanh. Labels that are "embedded" are put behind the noise, as vectors of `classes` numbers (Mirza
 * and Osindero 2014).
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function mlp<const L extends Latent>(options: {
  latent: L;
  image: Shape;
}): GeneratorArchitecture<L>;
/**
 * The article's discriminator: pixels → 512 → 256 → 1 with LeakyReLU(0.2), then Sigmoid. With
 * classes, the conditional one that goes with the generator above: pixels and label → 512 → 512 →
 * 512 → 1 with dropout.
 *
 * @param options.classes labels that it takes @default 0
 * @param options.scores `logit`: without the Sigmoid, as a critic @default "probability"
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function mlp<const C extends number = 0>(options: {
  image: Shape;
  classes?: C | undefined;
  scores?: Scores | undefined;
}): DiscriminatorArchitecture & { readonly classes?: C | undefined };
export function mlp(
  options: PairOptions & { classes?: number | undefined; scores?: Scores | undefined },
): GeneratorArchitecture | DiscriminatorArchitecture {
  readOptions(options, { discriminator: ["classes", "scores"] });
  const image = check.shape(options.image, "image");
  if (options.latent !== undefined) return generator(options.latent, image);
  const scores = check.oneOf(options.scores ?? "probability", "scores", ["probability", "logit"]);
  const end = scores === "probability" ? [l.sigmoid()] : [];
  const classes = check.integer(options.classes ?? 0, "classes", 0);
  return classes === 0 ? discriminator(image, end) : conditional(image, classes, end);
}

function generator(latent: Latent, image: Shape): GeneratorArchitecture {
  const block = (width: number): Layer[] => [
    l.linear(width),
    l.batchNorm1d({ eps: 0.8 }),
    l.leakyRelu(0.2),
  ];
  const label = isEmbedded(latent)
    ? [l.embedding(latent.classes as number, { name: "label_emb" })]
    : [];
  return {
    latent,
    layers: [
      ...label,
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

function discriminator(image: Shape, end: Layer[]): DiscriminatorArchitecture {
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
        ...end,
      ]),
    ],
  };
}

function conditional(image: Shape, classes: number, end: Layer[]): DiscriminatorArchitecture {
  const block = () => [l.linear(512), l.dropout(0.4), l.leakyRelu(0.2)];
  return {
    image,
    classes,
    layers: [
      l.flatten(),
      l.embedding(classes, { name: "label_embedding" }),
      l.sequential("model", [
        l.linear(512),
        l.leakyRelu(0.2),
        ...block(),
        ...block(),
        l.linear(1),
        ...end,
      ]),
    ],
  };
}
