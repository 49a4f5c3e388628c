// Weights that stay as they are while a pair is trained.
import type { ResolvedArchitecture } from "../architecture.js";
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { wrongType } from "../errors.js";
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import { nearest } from "../nearest.js";

/**
 * Which weights of a network: those of its first layers that have any, so many of them, or those of
 * layers by their paths, or single ones, by their keys in the state dict.
 */
export type Frozen = number | readonly string[];

/** What stays as it is in each of the two networks. */
export interface FrozenOptions {
  /** What stays of the generator. @default [] */
  readonly generator?: Frozen | undefined;
  /** What stays of the discriminator. @default [] */
  readonly discriminator?: Frozen | undefined;
}

type Network = { readonly resolved: ResolvedArchitecture };
type Pair = { readonly generator: Network; readonly discriminator: Network };

const players = ["generator", "discriminator"] as const;

/** @internal Checks what can be wrong whatever the networks are. Throws TypeError or RangeError. */
export function checkFrozenOptions(value: unknown): Complete<FrozenOptions> {
  if (!check.isObject(value))
    throw wrongType(`an object { ${players.join(", ")} }`, "frozen", value);
  const { generator, discriminator } = check.options(value, "frozen", players);
  return {
    generator: checkChosen(generator ?? [], "frozen.generator"),
    discriminator: checkChosen(discriminator ?? [], "frozen.discriminator"),
  };
}

function checkChosen(value: unknown, name: string): Frozen {
  if (typeof value === "number") return check.integer(value, name, 0);
  if (!Array.isArray(value))
    throw wrongType("a number of layers, or an array of names,", name, value);
  // Array.from sees the holes of a sparse array, which map would skip.
  return Array.from(value, (one, i) => check.string(one, `${name}[${i}]`));
}

/** @internal And that the networks have them. */
export function checkFrozen(value: unknown, pair: Pair): Complete<FrozenOptions> {
  const frozen = checkFrozenOptions(value);
  for (const player of players) checkInNetwork(frozen[player], pair[player].resolved, player);
  return frozen;
}

function checkInNetwork(
  chosen: Frozen,
  resolved: ResolvedArchitecture,
  player: (typeof players)[number],
): void {
  const name = `frozen.${player}`;
  if (typeof chosen === "number") {
    check.integer(chosen, name, 0, layersWithWeights(resolved).length);
    return;
  }
  for (const [i, one] of chosen.entries()) {
    if (weightsUnder([one], resolved).length > 0) continue;
    const known = names(resolved);
    const like = nearest(one, known);
    const what =
      like === undefined
        ? `a layer or a weight of the ${player}, such as ${known[0]},`
        : `${like}, which the ${player} has,`;
    throw wrongType(what, `${name}[${i}]`, one);
  }
}

/** @internal The keys of the weights that stay as they are, in each of the two. */
export function allFrozen({
  frozen,
  ...pair
}: Pair & { readonly frozen: Complete<FrozenOptions> }): Record<
  (typeof players)[number],
  string[]
> {
  return {
    generator: frozenWeights(frozen.generator, pair.generator.resolved),
    discriminator: frozenWeights(frozen.discriminator, pair.discriminator.resolved),
  };
}

function frozenWeights(chosen: Frozen, resolved: ResolvedArchitecture): string[] {
  return weightsUnder(
    typeof chosen === "number" ? layersWithWeights(resolved).slice(0, chosen) : chosen,
    resolved,
  );
}

/** The keys of trained weights that are one of the paths, or lie under one. */
function weightsUnder(paths: readonly string[], { state }: ResolvedArchitecture): string[] {
  return weightsOf(state).filter((key) =>
    paths.some((path) => key === path || key.startsWith(`${path}.`)),
  );
}

const weightsOf = (state: ResolvedArchitecture["state"]): string[] =>
  [...state].flatMap(([key, { trained }]) => (trained ? [key] : []));

/** The paths of layers that have weights, in order. What holds layers side by side is one. */
function layersWithWeights(resolved: ResolvedArchitecture): string[] {
  return wholes(resolved.layers).filter((path) => weightsUnder([path], resolved).length > 0);
}

function wholes(layers: readonly ResolvedLayer[]): string[] {
  return layers.flatMap(({ type, path, layers: inner }) => {
    // A layer that only changes how another computes stands where that one does.
    const isWhole =
      inner.length === 0 ||
      layerKinds.get(type)?.isSideBySide === true ||
      inner.some((one) => one.path === path);
    return isWhole ? [path] : wholes(inner);
  });
}

/** Everything that a weight can be called by: layers, what holds them, and the weights. */
function names({ state }: ResolvedArchitecture): string[] {
  const all = weightsOf(state).flatMap((key) => {
    const parts = key.split(".");
    return parts.map((_, i) => parts.slice(0, i + 1).join("."));
  });
  return [...new Set(all)];
}
