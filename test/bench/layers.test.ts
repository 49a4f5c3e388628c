// The benchmark's questions of layers, in a hurry.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { impossible, positive, runBench } from "../helpers/bench.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe.skipIf(impossible)("single kinds of layers", () => {
  it("are measured in both executions, and every rewrite of the plan is among theirs", async () => {
    const argv = ["--only", "layers", "--quick", "--rounds", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(
      /^\| pixel normalisation +\|( +[\d.]+ \|){2} +[\d.]+× \| pixel normalisation in one pass/m,
    );
    const { extras } = result;
    for (const row of extras.layers)
      expect(row).toEqual({
        ...{ title: expect.any(String), rewrites: expect.any(Array) },
        ...{ eagerMs: positive, fusedMs: positive, ratio: positive },
      });
    const applied = new Set(extras.layers.flatMap((row: { rewrites: string[] }) => row.rewrites));
    expect([...everywhere].filter((name) => !applied.has(name))).toEqual([]);
  });
});

describe.skipIf(impossible)("small steps", () => {
  it("are measured in both executions, by numbers of images", async () => {
    const argv = ["--only", "small", "--quick", "--rounds", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(/^\| layer normalisation +\| +8 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = result;
    const figures = { eagerMs: positive, fusedMs: positive, ratio: positive };
    expect(extras.small).toEqual(
      [1, 8].map((batch) => ({ title: "layer normalisation", batch, ...figures })),
    );
  });
});

/** Rewrites that no processor is refused. */
const everywhere = [
  "1x1 convolution before upsampling",
  "1x1 convolution after pooling",
  "upsampling and convolution as one transposed convolution",
  "convolution and pooling as one strided convolution",
  "transposed convolution of one pixel as a product",
  "convolution to few channels as products",
  "convolution whose second derivatives are convolutions",
  "maxout in one pass",
  "normalisation of each sample in one go",
  "conditional batch normalisation in two passes",
  "pixel normalisation in one pass",
  "blur along columns, then along rows",
  "modulation in one pass",
  "noise in the pass of a modulation",
  "activation in the pass of a modulation",
  "no bias before normalisation",
  "normalisation and activation together",
  "batch normalisation in two passes",
  "activation without a second derivative",
  "a list of calls",
];
