// Weights of checkpoints, compared.
import { join } from "node:path";
import { readSafetensors } from "../../lib/safetensors.js";
import { valuesOf } from "./inputs.js";

/** The weights of both players in a checkpoint, one after the other. */
export async function savedWeights(checkpoint: string): Promise<number[]> {
  const all: number[] = [];
  // Counts of batches, whole numbers, would make everything else small beside them.
  for (const player of ["generator", "discriminator"])
    for (const tensor of await readSafetensors(join(checkpoint, `${player}.safetensors`)))
      if (tensor.dtype === "F32") all.push(...valuesOf(tensor));
  return all;
}

/** The largest difference, as a part of the largest weight; NaN where they are not equally many. */
export function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return NaN;
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / largest;
}
