// The benchmark as its users start it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { pythonEnvironment } from "../../scripts/python-env.mjs";
import { start } from "./cli.js";

const main = fileURLToPath(new URL("../../bench/main.mjs", import.meta.url));

// In CI a missing PyTorch is a failure; elsewhere there is nothing to compare with.
const python = await pythonEnvironment();
/** Without PyTorch there is no other side to run against; CI has to have one. */
export const impossible = python === null && process.env.CI === undefined;

export const positive = expect.toSatisfy((value: number) => Number.isFinite(value) && value > 0);

/** Runs the benchmark with these arguments in a folder: what it prints, and the results it wrote. */
export async function runBench(argv: readonly string[], folder: string) {
  const json = ["--json", "bench.json"];
  const { child, ended } = start(process.execPath, [main, ...argv, ...json], folder);
  child.stdin.end();
  const { code, stdout, stderr } = await ended;
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  const result = JSON.parse(await readFile(join(folder, "bench.json"), "utf8"));
  return { stdout, result };
}
