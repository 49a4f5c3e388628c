// NVIDIA's driver: its version, and whether that is new enough for the CUDA that libtorch was built
// with.
import { readFile } from "node:fs/promises";

/**
 * Where the driver tells what it is; under WSL, where it is Windows' own, there is no such file.
 */
const versionFile = "/proc/driver/nvidia/version";

/** The version of the driver, as in `550.54.14`; null where there is none, or it does not tell. */
export async function readDriver(file = versionFile): Promise<string | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  // "... x86_64 Kernel Module  550.54.14  Thu ...", or "... Open Kernel Module for x86_64
  // 570.86.15  Release ..."
  return /^NVRM version:.*?\s(\d+(?:\.\d+)+)\s/m.exec(text)?.[1] ?? null;
}

/**
 * The oldest driver that runs a CUDA, by its major version: NVIDIA's table of minor version
 * compatibility.
 */
const oldest: Readonly<Record<string, number>> = { 12: 525, 13: 580 };

/**
 * What a driver would have to be for this CUDA, as in `525`; undefined where it is that, or nobody
 * knows.
 */
export function neededDriver(driver: string | null, cuda: unknown): number | undefined {
  if (driver === null || typeof cuda !== "string") return undefined;
  const needed = oldest[Number.parseInt(cuda, 10)];
  return needed !== undefined && Number.parseInt(driver, 10) < needed ? needed : undefined;
}
