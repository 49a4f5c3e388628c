import * as check from "./check.js";
import { SparringError, wrongType } from "./errors.js";
import {
  type Layer,
  type LayerKind,
  type OptionValue,
  Place,
  product,
  type ResolvedLayer,
  type Shape,
  type TensorSpec,
} from "./layers/kind.js";
import { layerKinds } from "./layers/table.js";

/** What a generator starts from; the parts stand side by side, in this order. */
export interface Latent {
  /** Width of the Gaussian noise, N(0, 1). */
  readonly noise: number;
  /** Number of classes; the label enters as one-hot. @default 0 */
  readonly classes?: number;
  /** Number of continuous codes, U(-1, 1). @default 0 */
  readonly codes?: number;
}

/** A generator as data: latents in, samples out. */
export interface GeneratorArchitecture {
  readonly latent: Latent;
  readonly layers: readonly Layer[];
}

/** A discriminator as data: samples in, one score out. */
export interface DiscriminatorArchitecture {
  /** Shape of a sample: [channels, height, width], or [features]. */
  readonly image: Shape;
  readonly layers: readonly Layer[];
}

/** A network whose every size is known. */
export interface ResolvedArchitecture {
  readonly input: Shape;
  readonly output: Shape;
  readonly layers: readonly ResolvedLayer[];
  /** The state dict: every parameter and buffer under its PyTorch key. */
  readonly state: ReadonlyMap<string, TensorSpec>;
}

/** Checks a latent and fills in what is missing. */
export function resolveLatent(latent: unknown, name: string): Required<Latent> {
  if (!check.isObject(latent)) throw wrongType("an object { noise, classes, codes }", name, latent);
  check.options(latent as unknown as Latent, name, ["noise", "classes", "codes"]);
  const noise = check.integer(latent.noise, `${name}.noise`, 1);
  const classes = check.integer(latent.classes ?? 0, `${name}.classes`, 0);
  if (classes === 1) throw wrongType("0 or at least 2 classes", `${name}.classes`, classes);
  return { noise, classes, codes: check.integer(latent.codes ?? 0, `${name}.codes`, 0) };
}

/** Infers every size of a generator. Throws ERR_ARCHITECTURE with the layer and both shapes. */
export function resolveGenerator(architecture: GeneratorArchitecture): ResolvedArchitecture {
  requireArchitecture(architecture, "{ latent, layers }");
  const { noise, classes, codes } = resolveLatent(architecture.latent, "architecture.latent");
  return resolve(architecture.layers, [noise + classes + codes]);
}

/** Infers every size of a discriminator, which has to end in one score. */
export function resolveDiscriminator(
  architecture: DiscriminatorArchitecture,
): ResolvedArchitecture {
  requireArchitecture(architecture, "{ image, layers }");
  const resolved = resolve(
    architecture.layers,
    check.shape(architecture.image, "architecture.image"),
  );
  if (product(resolved.output) !== 1 || resolved.output.length !== 1) {
    throw new SparringError(
      "ERR_ARCHITECTURE",
      `Expected an output of [1] (a score) for the discriminator's last layer but received [${resolved.output.join(", ")}]`,
    );
  }
  return resolved;
}

function requireArchitecture(architecture: unknown, what: string): void {
  if (!check.isObject(architecture))
    throw wrongType(`an object ${what}`, "architecture", architecture);
}

function resolve(layers: unknown, input: Shape): ResolvedArchitecture {
  const resolved = resolveAll(layers, input, "");
  const state = new Map<string, TensorSpec>();
  for (const layer of resolved) collectState(layer, state);
  return { input, output: resolved.at(-1)?.output ?? input, layers: resolved, state };
}

function resolveAll(layers: unknown, input: Shape, prefix: string): ResolvedLayer[] {
  const where = prefix === "" ? "architecture.layers" : `layers of ${prefix.slice(0, -1)}`;
  if (!Array.isArray(layers) || layers.length === 0)
    throw wrongType("a non-empty array of layers", where, layers);
  const resolved: ResolvedLayer[] = [];
  const names = new Set<string>();
  layers.forEach((layer, position) => {
    const one = resolveOne(layer, resolved.at(-1)?.output ?? input, prefix, position);
    if (names.has(one.name))
      throw wrongType("a name that no sibling has", `name of ${one.path}`, one.name);
    names.add(one.name);
    resolved.push(one);
  });
  return resolved;
}

function resolveOne(layer: unknown, input: Shape, prefix: string, position: number): ResolvedLayer {
  const spot = `${prefix}${position}`;
  if (!check.isObject(layer) || typeof layer.type !== "string")
    throw wrongType("a layer { type, ... }", `layer ${spot}`, layer);
  const name = layerName(layer as Layer, spot) ?? String(position);
  const path = `${prefix}${name}`;
  if (layer.type === "sequential") {
    const layers = resolveAll(layer.layers, input, `${path}.`);
    return {
      type: "sequential",
      name,
      path,
      options: {},
      layers,
      input,
      output: layers.at(-1)?.output ?? input,
    };
  }
  const kind = layerKinds.get(layer.type);
  if (kind === undefined) {
    throw wrongType(
      `one of sequential, ${[...layerKinds.keys()].join(", ")}`,
      `type of layer ${path}`,
      layer.type,
    );
  }
  const at = new Place(path, layer.type);
  check.options(layer as Record<string, OptionValue>, String(at), [
    "type",
    "name",
    ...kind.options,
  ]);
  const resolved = kind.resolve(layer as Layer, input, at);
  checkSize(kind, resolved, at);
  return { type: layer.type, name, path, layers: [], input, ...resolved };
}

/** 4 TiB of float32: far beyond any machine, and far below where sizes stop being exact. */
const largestTensor = 2 ** 40;

/** Sizes that no memory holds would otherwise reach native code as nonsense. */
function checkSize(kind: LayerKind, resolved: ReturnType<LayerKind["resolve"]>, at: Place): void {
  const shapes = Object.values(kind.state?.(resolved.options) ?? {}).map(({ shape }) => shape);
  for (const shape of [resolved.output, ...shapes]) {
    if (product(shape) <= largestTensor) continue;
    throw new SparringError(
      "ERR_ARCHITECTURE",
      `Expected tensors of at most ${largestTensor} numbers for ${at} but received [${shape.join(", ")}]`,
    );
  }
}

function layerName(layer: Layer, spot: string): string | undefined {
  if (layer.name === undefined) return undefined;
  if (typeof layer.name !== "string" || !/^[A-Za-z_0-9]+$/.test(layer.name)) {
    throw wrongType("letters, digits and underscores", `name of layer ${spot}`, layer.name);
  }
  return layer.name;
}

function collectState(layer: ResolvedLayer, state: Map<string, TensorSpec>): void {
  for (const [name, spec] of Object.entries(
    layerKinds.get(layer.type)?.state?.(layer.options) ?? {},
  )) {
    state.set(`${layer.path}.${name}`, spec);
  }
  for (const child of layer.layers) collectState(child, state);
}

/** The last layer that does something, to see what the scores are. */
export function lastType(layers: readonly ResolvedLayer[]): string {
  const last = layers.at(-1);
  if (last === undefined) return "";
  return last.type === "sequential" ? lastType(last.layers) : last.type;
}

/** How many numbers training changes. */
export function countParameters(architecture: ResolvedArchitecture): number {
  let count = 0;
  for (const spec of architecture.state.values()) if (spec.trained) count += product(spec.shape);
  return count;
}
