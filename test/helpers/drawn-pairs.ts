// Pairs of networks that nobody chose: layers that fit each other, from a latent to an image to a score.
import {
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  type Latent,
  type Layer,
  layers as l,
} from "../../lib/index.js";
import { resolveDiscriminator, resolveGenerator } from "../../lib/architecture.js";
import type { Init, ResolvedArchitecture } from "../../lib/architecture.js";
import { product } from "../../lib/shape.js";
import type { Draw } from "./draw.js";
import { drawLayer } from "./drawn-layers.js";

/** How labels take part. */
type Style = "none" | "oneHot" | "embedded" | "conditional";

export interface DrawnPair {
  readonly generator: GeneratorArchitecture;
  readonly discriminator: DiscriminatorArchitecture;
  readonly image: readonly number[];
  /** What the discriminator's heads are for; none: it has no heads. */
  readonly auxiliary: "none" | "acgan" | "infogan";
  readonly classes: number;
  readonly codes: number;
}

/** What a resolver makes of an architecture; undefined where it refuses it in a sentence. */
function accepted(resolve: () => ResolvedArchitecture): ResolvedArchitecture | undefined {
  try {
    return resolve();
  } catch (error) {
    if (/^Expected /.test((error as Error).message)) return undefined;
    throw error;
  }
}

const sizeOf = ({ state }: ResolvedArchitecture) =>
  [...state.values()].reduce((sum, { shape }) => sum + product(shape), 0);

/** Small enough to be trained in a moment. */
const isSmall = (made: ResolvedArchitecture) =>
  sizeOf(made) <= 60_000 && product(made.output) <= 4000;

function drawInit(draw: Draw): Init {
  return draw.of<Init>(
    "torch",
    "torch",
    "torch",
    "dcgan",
    { type: "normal", std: 0.05 },
    { type: "xavierUniform" },
    { type: "xavierNormal", gain: 0.5 },
    { type: "kaimingNormal", a: 0.2 },
    { type: "orthogonal" },
    { type: "uniform", range: 0.1 },
  );
}

function drawLatent(draw: Draw, style: Style): Latent {
  return {
    noise: draw.of(1, 2, 5, 8),
    classes: style === "none" ? 0 : draw.of(2, 3, 5),
    codes: draw.chance(0.2) ? draw.integer(1, 3) : 0,
    labels: style === "embedded" || style === "conditional" ? "embedded" : "oneHot",
    distribution: draw.chance(0.2) ? "uniform" : "normal",
  };
}

/** Tries so many more layers at the end, and keeps those that fit. */
function grow(
  layers: readonly Layer[],
  attempts: number,
  make: () => Layer,
  fits: (layers: readonly Layer[]) => boolean,
): readonly Layer[] {
  let all = layers;
  for (let i = 0; i < attempts; ++i) {
    const next = [...all, make()];
    if (fits(next)) all = next;
  }
  return all;
}

const takesLabels = (layers: readonly Layer[]) =>
  /embedding|conditionalBatchNorm|projection/.test(JSON.stringify(layers));

function drawGenerator(
  draw: Draw,
  latent: Latent,
  range: readonly [number, number],
): GeneratorArchitecture {
  const embedded = latent.labels === "embedded" ? (latent.classes ?? 0) : 0;
  const init = drawInit(draw);
  const of = (layers: readonly Layer[]): GeneratorArchitecture => ({ latent, layers, range, init });
  const made = (layers: readonly Layer[]) => accepted(() => resolveGenerator(of(layers)));
  const labels = embedded > 0 ? [l.embedding(2)] : [];
  const side = draw.chance(0.15) ? 1 : 5;
  const start = [draw.of(1, 2, 3, 4, 8), draw.integer(1, side), draw.integer(1, side)];
  const makesImages = draw.chance(0.85);
  const first = makesImages ? [l.linear(product(start)), l.unflatten(start)] : [l.linear(4)];
  let layers = grow(
    [...labels, ...first],
    draw.integer(0, 6),
    () => drawLayer(draw, { inDiscriminator: false, classes: embedded }),
    (next) => {
      const resolved = made(next);
      return resolved !== undefined && isSmall(resolved);
    },
  );
  const last = [...layers, l.conv2d(draw.integer(1, 3), 1)];
  if (makesImages && made(last)) layers = last;
  return of(draw.chance(0.7) ? [...layers, draw.of(l.tanh(), l.sigmoid())] : layers);
}

/** Layers from features to a score, and to what the heads say. */
function drawEnd(
  draw: Draw,
  { classes, codes, auxiliary }: Pick<DrawnPair, "classes" | "codes" | "auxiliary">,
  isConditional: boolean,
): Layer[] {
  const sigmoid = () => (draw.chance(0.3) ? [l.sigmoid()] : []);
  if (auxiliary !== "none") {
    const place = { inDiscriminator: true, classes: 0, depth: 2 };
    const branch = (width: number) => [
      ...(draw.chance(0.4) ? [l.linear(draw.integer(1, 8)), drawLayer(draw, place)] : []),
      l.linear(width),
    ];
    const heads = {
      score: [...branch(1), ...sigmoid()],
      ...(classes > 0 && { classes: branch(classes) }),
      ...(codes > 0 && { codes: branch(codes) }),
    };
    return [l.flatten(), l.heads(heads)];
  }
  if (isConditional && draw.chance(0.7))
    return [l.flatten(), draw.chance(0.3) ? l.spectralNorm(l.projection()) : l.projection()];
  if (draw.chance(0.2)) return [l.conv2d(1, 1), ...sigmoid()];
  return [l.flatten(), draw.chance(0.2) ? l.spectralNorm(l.linear(1)) : l.linear(1), ...sigmoid()];
}

function drawDiscriminator(
  draw: Draw,
  rest: Omit<DrawnPair, "discriminator">,
  isConditional: boolean,
): DiscriminatorArchitecture | undefined {
  const { image, generator } = rest;
  const classes = isConditional ? rest.classes : 0;
  const init = drawInit(draw);
  const range = generator.range;
  const of = (layers: readonly Layer[]) => ({ image: [...image], classes, layers, range, init });
  const made = (layers: readonly Layer[]) => accepted(() => resolveDiscriminator(of(layers)));
  const isAutoencoder = rest.auxiliary === "none" && !isConditional && draw.chance(0.1);
  const size = product(image);
  const rebuilt = size === image[0] ? [l.linear(size)] : [l.linear(size), l.unflatten([...image])];
  /** Layers that a number, or an autoencoder, can be made of. */
  const ends = isAutoencoder
    ? [[l.flatten(), ...rebuilt], rebuilt]
    : [[l.flatten(), l.linear(1)], [l.linear(1)]];
  const whole = (layers: readonly Layer[]) =>
    isAutoencoder ? [l.reconstructionError(layers)] : layers;
  // Alone labels make no layer fit or not.
  const told = classes > 0 ? [l.embedding(1)] : [];
  const body = grow(
    [],
    draw.integer(0, 6),
    () => drawLayer(draw, { inDiscriminator: true, classes }),
    (next) =>
      ends.some((end) => {
        const resolved = made(whole([...told, ...next, ...end]));
        return resolved !== undefined && isSmall(resolved);
      }),
  );
  for (let i = 0; i < 20; ++i) {
    const end = isAutoencoder ? draw.of(...ends) : drawEnd(draw, rest, isConditional);
    const layers = whole([...(i < 10 ? body : []), ...end]);
    const labelled = classes === 0 || takesLabels(layers) ? layers : [l.embedding(2), ...layers];
    if (made(labelled)) return of(labelled);
  }
  return undefined;
}

function drawAuxiliary(draw: Draw, { classes = 0, codes = 0 }: Latent): DrawnPair["auxiliary"] {
  if (draw.chance(0.3)) return "none";
  if (classes > 0) return draw.of("acgan", "infogan");
  return codes > 0 ? "infogan" : "none";
}

/** A pair of a few thousand weights; undefined where nothing came of the attempt. */
export function drawPair(draw: Draw): DrawnPair | undefined {
  const style = draw.of<Style>("none", "none", "none", "oneHot", "embedded", "conditional");
  const latent = drawLatent(draw, style);
  const generator = drawGenerator(draw, latent, draw.chance(0.2) ? [0, 1] : [-1, 1]);
  const resolved = accepted(() => resolveGenerator(generator));
  if (resolved === undefined) return undefined;
  const auxiliary = style === "conditional" ? "none" : drawAuxiliary(draw, latent);
  const { classes = 0, codes = 0 } = latent;
  const rest = { generator, image: resolved.output, auxiliary, classes, codes };
  const discriminator = drawDiscriminator(draw, rest, style === "conditional");
  return discriminator && { ...rest, discriminator };
}
