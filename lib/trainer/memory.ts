// Whether a step fits into memory, and what to say where it did not.
import { hasCode, refused, SparringError } from "../errors.js";
import { freeMemory, gigabytes } from "../free-memory.js";
import { bufferBytes } from "./cost.js";
import type { TrainerSettings } from "./options.js";
import { rowsAtOnce } from "./parts.js";

/**
 * ERR_MEMORY for a batch whose outputs alone are more than what is free; undefined for any other.
 */
export function lackOfMemory(
  batchSize: number,
  settings: TrainerSettings,
): SparringError | undefined {
  const { needed, free, where } = memoryOf(batchSize, settings);
  if (needed <= free) return undefined;
  const what = `a batch whose step fits into ${gigabytes(free)} of free ${where} memory`;
  const received = `${batchSize} (it holds at least ${gigabytes(needed)})`;
  return refused("ERR_MEMORY", what, "batchSize", received);
}

/** An ERR_MEMORY with what the step needed and what there is; other errors as they are. */
export function explainMemory(
  error: unknown,
  batchSize: number,
  settings: TrainerSettings,
): unknown {
  if (!hasCode(error, "ERR_MEMORY")) return error;
  const { needed, free, where } = memoryOf(batchSize, settings);
  const facts = `a step on ${batchSize} images holds at least ${gigabytes(needed)}, and ${gigabytes(free)} of ${where} memory are free`;
  return new SparringError("ERR_MEMORY", `${error.message} (${facts})`, { cause: error });
}

function memoryOf(batchSize: number, settings: TrainerSettings) {
  return {
    needed: bufferBytes(settings, rowsAtOnce(settings, batchSize)),
    ...freeMemory(settings.generator.device),
  };
}
