// What a network can be asked once its layers are resolved.
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import { product } from "../shape.js";
import type { ResolvedArchitecture } from "./types.js";

/** How many numbers training changes. */
export function countParameters(architecture: ResolvedArchitecture): number {
  let count = 0;
  for (const spec of architecture.state.values()) if (spec.trained) count += product(spec.shape);
  return count;
}

/** What the scores of a discriminator can be: all but energies are high for reals. */
export type ScoreKind = "probability" | "logit" | "energy";

/**
 * What the scores of a discriminator are: probabilities if they come out of a sigmoid, energies if
 * they are reconstruction errors, else logits.
 */
export function scoresOf(architecture: ResolvedArchitecture): ScoreKind {
  const last = ending(architecture).at(0);
  if (last && layerKinds.get(last.type)?.makesEnergies) return "energy";
  return makesProbabilities(last) ? "probability" : "logit";
}

/** A layer behind the sigmoid of the scores that makes more than 1 of a probability in training. */
export function spoilerOfScores(architecture: ResolvedArchitecture): ResolvedLayer | undefined {
  const [last, ...after] = ending(architecture);
  if (!makesProbabilities(last)) return undefined;
  return after.find((layer) => layerKinds.get(layer.type)?.spoilsProbabilities?.(layer) === true);
}

function makesProbabilities(layer: ResolvedLayer | undefined): boolean {
  return layer !== undefined && layerKinds.get(layer.type)?.makesProbabilities === true;
}

/**
 * The layers that a score comes out of: the last one of which a probability would not come out as
 * one, and those after it.
 */
function ending({ layers }: ResolvedArchitecture): ResolvedLayer[] {
  const inOrder = scoring(layers);
  const keeps = ({ type }: ResolvedLayer) => layerKinds.get(type)?.keepsProbabilities === true;
  return inOrder.slice(
    Math.max(
      0,
      inOrder.findLastIndex((layer) => !keeps(layer)),
    ),
  );
}

/** The layers up to the score in their order, those of sequentials in place of these. */
function scoring(layers: readonly ResolvedLayer[]): ResolvedLayer[] {
  return layers.flatMap((layer) => {
    if (layer.type === "sequential") return scoring(layer.layers);
    return layer.type === "heads" ? scoring(layer.layers.slice(0, 1)) : [layer];
  });
}

/** Widths of what a discriminator's heads say beside the score; 0 where it has no such head. */
export function headsOf({ layers }: ResolvedArchitecture): { classes: number; codes: number } {
  const last = layers.at(-1);
  const width = (name: string): number => {
    const head = last?.layers.find((branch) => branch.name === name);
    return last?.type === "heads" ? (head?.output[0] ?? 0) : 0;
  };
  return { classes: width("classes"), codes: width("codes") };
}

/**
 * Height and width of the map of scores that a discriminator ends in; undefined where it gives one
 * score.
 */
export function patchesOf({ output }: ResolvedArchitecture): [number, number] | undefined {
  const [, height, width] = output;
  return height === undefined || width === undefined ? undefined : [height, width];
}

/** The first layer through which the samples of a batch influence each other in training. */
export function couplingLayer({ layers }: ResolvedArchitecture): ResolvedLayer | undefined {
  return findLayer(layers, ({ type }) => layerKinds.get(type)?.couplesSamples === true);
}

/** The first layer that compares the samples of a batch. */
export function comparingLayer({ layers }: ResolvedArchitecture): ResolvedLayer | undefined {
  return findLayer(layers, ({ type }) => layerKinds.get(type)?.comparesSamples === true);
}

/** The first layer that normalises a batch. */
export function batchNormLayer({ layers }: ResolvedArchitecture): ResolvedLayer | undefined {
  return findLayer(layers, ({ type }) => layerKinds.get(type)?.normalizesBatch === true);
}

/** Whether some layer is `styled`. */
export function isStyled(architecture: Pick<ResolvedArchitecture, "layers">): boolean {
  return layersOfType(architecture, "styled").length > 0;
}

/**
 * False where batch normalisation sees one number a feature in a batch of one, of which nothing is
 * left.
 */
export function trainsOnOne({ layers }: ResolvedArchitecture): boolean {
  return findLayer(layers, needsTwo) === undefined;
}

/** The first layer of which nothing is left where one sample is evaluated alone. */
export function layerOfTwo({ layers }: ResolvedArchitecture): ResolvedLayer | undefined {
  const isSo = (layer: ResolvedLayer) =>
    needsTwo(layer) && layerKinds.get(layer.type)?.evaluatesAsItTrains?.(layer) === true;
  return findLayer(layers, isSo);
}

function needsTwo(layer: ResolvedLayer): boolean {
  return layerKinds.get(layer.type)?.needsTwo?.(layer) === true;
}

/** Every layer of the type, those inside others included. */
export function layersOfType(
  { layers }: Pick<ResolvedArchitecture, "layers">,
  type: string,
): readonly ResolvedLayer[] {
  return layers.flatMap((layer) => [
    ...(layer.type === type ? [layer] : []),
    ...layersOfType(layer, type),
  ]);
}

/** The first such layer, those inside others included. */
function findLayer(
  layers: readonly ResolvedLayer[],
  test: (layer: ResolvedLayer) => boolean,
): ResolvedLayer | undefined {
  for (const layer of layers) {
    const found = test(layer) ? layer : findLayer(layer.layers, test);
    if (found !== undefined) return found;
  }
  return undefined;
}
