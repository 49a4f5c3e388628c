// From an architecture as a user writes it to one whose every size is known.
import { constants } from "node:buffer";
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { misfit, type SparringError, wrongType } from "../errors.js";
import type { Layer, ResolvedLayer } from "../layers/layer.js";
import { Site, type Spot, type Surroundings } from "../layers/site.js";
import type { TensorSpec } from "../layers/state.js";
import { layerKinds } from "../layers/table.js";
import { nearestOrAll } from "../nearest.js";
import { checkFloatRange } from "../pixel-range.js";
import { product, type Shape } from "../shape.js";
import { spoilerOfScores } from "./facts.js";
import { resolveInit } from "./init.js";
import { layerName } from "./names.js";
import type {
  DiscriminatorArchitecture,
  GeneratorArchitecture,
  Latent,
  ResolvedArchitecture,
} from "./types.js";

/** Checks a latent and fills in what is missing. */
export function resolveLatent(latent: unknown, name: string): Complete<Latent> {
  if (!check.isObject(latent)) throw wrongType("an object { noise, classes, codes }", name, latent);
  check.options(latent as unknown as Latent, name, [
    "noise",
    "distribution",
    "classes",
    "codes",
    "labels",
  ]);
  const noise = check.integer(latent.noise, `${name}.noise`, 1);
  const distributions = ["normal", "uniform"] as const;
  const distribution = check.oneOf(
    latent.distribution ?? "normal",
    `${name}.distribution`,
    distributions,
  );
  const classes = checkClasses(latent.classes, `${name}.classes`);
  const codes = check.integer(latent.codes ?? 0, `${name}.codes`, 0);
  const ways = ["oneHot", "embedded"] as const;
  const labels = check.oneOf(latent.labels ?? "oneHot", `${name}.labels`, ways);
  if (labels === "embedded" && classes === 0)
    throw wrongType('at least 2 classes for labels "embedded"', `${name}.classes`, latent.classes);
  return { noise, distribution, classes, codes, labels };
}

function checkClasses(value: unknown, name: string): number {
  const classes = check.integer(value ?? 0, name, 0);
  if (classes === 1) throw wrongType("0 or at least 2 classes", name, classes);
  return classes;
}

/** Infers every size of a generator. Throws ERR_ARCHITECTURE with the layer and both shapes. */
export function resolveGenerator(architecture: GeneratorArchitecture): ResolvedArchitecture {
  requireArchitecture(architecture, ["latent", "layers"], ["init", "range"]);
  const latent = resolveLatent(architecture.latent, "architecture.latent");
  const embedded = latent.labels === "embedded" ? latent.classes : 0;
  const width = latent.noise + (embedded > 0 ? 0 : latent.classes) + latent.codes;
  if (width > largestTensor)
    throw misfit(`at most ${largestTensor} numbers`, "architecture.latent", String(width));
  const resolved = resolve(architecture, [width], {
    player: "generator",
    latent,
    classes: embedded,
  });
  if (embedded > 0 && !resolved.layers.some(({ takesLabels }) => takesLabels))
    throw unused(
      'an embedding or conditionalBatchNorm2d among its layers (labels are "embedded")',
      "generator",
      resolved,
    );
  return resolved;
}

/** Infers every size of a discriminator, which has to end in a score, a map of scores or heads. */
export function resolveDiscriminator(
  architecture: DiscriminatorArchitecture,
): ResolvedArchitecture {
  requireArchitecture(architecture, ["image", "layers"], ["classes", "init", "range"]);
  const image = checkImage(architecture.image);
  const classes = checkClasses(architecture.classes, "architecture.classes");
  const resolved = resolve(architecture, image, { ...judging, classes });
  const { layers } = resolved;
  checkEnd(layers);
  const spoiler = spoilerOfScores(resolved);
  if (spoiler !== undefined) {
    const what = "a place before the sigmoid";
    const received = "one behind it, where training makes more than 1 of a probability";
    throw misfit(what, `${spoiler.path} (${spoiler.type})`, received);
  }
  if (classes > 0 && !layers.some(({ takesLabels }) => takesLabels))
    throw unused("an embedding or projection among its layers", "discriminator", resolved);
  return resolved;
}

/** What data are there of: nothing else could ever be shown to it. */
function checkImage(value: unknown): number[] {
  const image = check.shape(value, "architecture.image");
  if (image.length === 1 || image.length === 3) return image;
  throw wrongType("[channels, height, width] or [features]", "architecture.image", image);
}

/** A discriminator ends in one score, in a score for each patch, or in heads. */
function checkEnd(layers: readonly ResolvedLayer[]): void {
  const last = layers.at(-1) as ResolvedLayer;
  if (last.type === "heads" || isScores(last.output)) return;
  const isFlatMap = last.type === "flatten" && isScores(last.input);
  const hint = isFlatMap ? `; leave flatten() out for a map of [${last.input.join(", ")}]` : "";
  throw misfit(
    "an output of [1] (a score) or [1, height, width] (a score for each patch)",
    "the discriminator's last layer",
    `[${last.output.join(", ")}]${hint}`,
  );
}

const isScores = (output: Shape) => output[0] === 1 && (output.length === 1 || output.length === 3);

/** Infers every size of a classifier of images: its output is not a score. */
export function resolveClassifier(image: Shape, layers: readonly Layer[]): ResolvedArchitecture {
  return resolve({ layers }, image, { ...judging, classes: 0 });
}

const judging = { player: "discriminator", latent: undefined } as const;

/** Labels that no layer looks at would be a conditional network in name only. */
function unused(what: string, player: string, { layers }: ResolvedArchitecture): SparringError {
  const types = layers.map(({ type }) => type).join(", ");
  return misfit(what, `a ${player} with classes`, types);
}

function requireArchitecture(
  architecture: unknown,
  needed: readonly string[],
  others: readonly string[],
): void {
  if (!check.isObject(architecture))
    throw wrongType(`an object { ${needed.join(", ")} }`, "architecture", architecture);
  check.options(architecture, "architecture", [...needed, ...others]);
}

function resolve(
  architecture: { readonly layers: unknown; readonly init?: unknown; readonly range?: unknown },
  input: Shape,
  whole: Pick<Surroundings, "player" | "latent" | "classes">,
): ResolvedArchitecture {
  const init = resolveInit(architecture.init ?? "torch", "architecture.init");
  const range = checkFloatRange(architecture.range ?? [-1, 1], "architecture.range");
  let count = 0;
  const enter = () => {
    if (++count <= mostLayers) return;
    throw misfit(`at most ${mostLayers} layers`, "architecture.layers", "more");
  };
  const styled = (styleFeatures: number): Surroundings => {
    const around: Surroundings = {
      ...{ ...whole, styleFeatures, styled, enter },
      sequence: (layers, input, path) => resolveAll(layers, input, path, around),
      single: (layer, input, path, name) =>
        resolveOne(layer, input, { path, name, among: "inside", isFirst: false }, around),
    };
    return around;
  };
  const layers = resolveAll(architecture.layers, input, "", styled(0));
  const state = new Map<string, TensorSpec>();
  for (const layer of layers) collectState(layer, state);
  const output = layers.at(-1)?.output ?? input;
  // Networks give these away, and go on by them.
  for (const given of [input, output, range]) Object.freeze(given);
  return { input, output, layers, state, classes: whole.classes, init, range };
}

/**
 * Far beyond any network, and far from where the stack ends: a file may nest layers without end.
 */
const deepest = 100;

/**
 * Far beyond any network: lists that hold one list twice, which holds another twice, soon have a
 * billion layers.
 */
const mostLayers = 10_000;

/** Layers that follow each other, under the path of the layer they are in. */
function resolveAll(
  layers: unknown,
  input: Shape,
  path: string,
  around: Surroundings,
): ResolvedLayer[] {
  const where = path === "" ? "architecture.layers" : `layers of ${path}`;
  if (!Array.isArray(layers) || layers.length === 0)
    throw wrongType("a non-empty array of layers", where, layers);
  if (path.split(".").length > deepest) {
    throw misfit(`at most ${deepest} levels of layers`, "architecture.layers", "more");
  }
  const prefix = path === "" ? "" : `${path}.`;
  const resolved: ResolvedLayer[] = [];
  const names = new Set<string>();
  // By index: forEach would skip the holes of a sparse array, and a copy of them may not fit into
  // memory.
  for (let position = 0; position < layers.length; ++position) {
    const layer: unknown = layers[position];
    const spot = `${prefix}${position}`;
    const name = layerName(requireLayer(layer, spot).name, spot) ?? String(position);
    const last = position === layers.length - 1;
    const among = path !== "" ? "inside" : last ? "last" : "before others";
    const isFirst = path === "" && position === 0;
    const place = { path: `${prefix}${name}`, name, among, isFirst } as const;
    const one = resolveOne(layer, resolved.at(-1)?.output ?? input, place, around);
    if (names.has(one.name))
      throw wrongType("a name that no sibling has", `name of ${one.path}`, one.name);
    names.add(one.name);
    resolved.push(one);
  }
  return resolved;
}

function requireLayer(layer: unknown, spot: string): Layer {
  if (!check.isObject(layer) || typeof layer.type !== "string")
    throw wrongType("a layer { type, ... }", `layer ${spot}`, layer);
  return layer as Layer;
}

function resolveOne(
  value: unknown,
  input: Shape,
  { path, name, ...spot }: { path: string; name: string } & Spot,
  around: Surroundings,
): ResolvedLayer {
  const layer = requireLayer(value, path);
  const { type } = layer;
  const kind = layerKinds.get(type);
  if (kind === undefined)
    throw wrongType(nearestOrAll(type, [...layerKinds.keys()]), `type of layer ${path}`, type);
  around.enter();
  const at = new Site(path, type, around, spot);
  check.options(layer, String(at), ["type", "name", ...kind.options]);
  const { layers = [], options, output } = kind.resolve(layer, input, at);
  const takesLabels = kind.labels === true || layers.some((inner) => inner.takesLabels);
  const resolved = { type, name, path, layers, takesLabels, input, options, output };
  // After what the layer has to say of it.
  check.noNull(layer, (key) => at.option(key));
  checkTensorSizes(resolved, at);
  return resolved;
}

/** 4 TiB of float32: far beyond any machine, and far below where sizes stop being exact. */
const largestTensor = 2 ** 40;

/** What one array of JavaScript takes as float32, as saving needs it: 4 GiB on Node 20. */
const largestState = Math.min(largestTensor, Math.floor(constants.MAX_LENGTH / 4));

/** Sizes that no memory holds would otherwise reach native code as nonsense. */
function checkTensorSizes(layer: ResolvedLayer, at: Site): void {
  const state = layerKinds.get(layer.type)?.state?.(layer) ?? {};
  const kept = Object.values(state).map(({ shape }) => ({ shape, most: largestState }));
  for (const { shape, most } of [{ shape: layer.output, most: largestTensor }, ...kept]) {
    if (product(shape) <= most) continue;
    const what = `tensors of at most ${most} numbers`;
    throw misfit(what, String(at), `[${shape.join(", ")}]`);
  }
}

/** A layer that says nothing of its state has that of the layers inside. */
function collectState(layer: ResolvedLayer, state: Map<string, TensorSpec>): void {
  const kind = layerKinds.get(layer.type);
  const own = kind?.state?.(layer);
  const tensors = own ?? kind?.buffers?.(layer) ?? {};
  for (const [name, spec] of Object.entries(tensors)) state.set(`${layer.path}.${name}`, spec);
  if (own === undefined) for (const child of layer.layers) collectState(child, state);
}
