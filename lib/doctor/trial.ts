// The addon at work, in a process of its own: one that is damaged, or made for another processor,
// may end it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { again } from "../loading.js";
import type { CudaObstacle } from "../native.js";

/** What the addon said and did. */
export interface Trial {
  readonly cuda: number;
  readonly cudaOff: string | null;
  /** What kind of reason that is. */
  readonly cudaObstacle: CudaObstacle | null;
  /** Why GPUs train without our own kernels and CUDA graphs; null if with them. */
  readonly acceleratorOff: string | null;
  /** What each device can compute in. */
  readonly precisions: Readonly<Record<string, readonly string[]>>;
  readonly threads: number;
  /** Seconds until the addon was there. */
  readonly loading: number;
  /** Milliseconds of the second step of a tiny pair; undefined where it failed. */
  readonly step?: number | undefined;
  /** Why it did not train. */
  readonly failure?: string | undefined;
}

/** Why there was none, in a sentence. */
export interface NoTrial {
  readonly problem: string;
  /** What to do, where the sentence does not end in that. */
  readonly advice?: string | undefined;
}

/** Longer than any machine takes to load a libtorch from a disk that sleeps. */
const limit = 120_000;
const child = fileURLToPath(new URL("trial-child.js", import.meta.url));

/** Never rejects. */
export function tryAddon(): Promise<Trial | NoTrial> {
  return new Promise((resolve) => {
    execFile(process.execPath, [child], { timeout: limit }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        const signal = error?.signal;
        const why = signal ? `it ended its process with ${signal}` : lastLine(stderr);
        resolve({ problem: `The native addon cannot be loaded: ${why}`, advice: again });
      }
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "it said nothing";
}
