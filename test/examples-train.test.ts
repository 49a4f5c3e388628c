// The examples that train, run as a reader would, for two steps. (That the README shows one of them is in readme.test.ts.)
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { examples, parametersOf, runExample } from "./helpers/examples.js";
import { writeTree } from "./helpers/image-folder.js";
import { withFolder } from "./helpers/networks.js";

const isPng = async (path: string) =>
  (await readFile(path)).subarray(1, 4).toString("latin1") === "PNG";

it("every example is a file that each supported Node runs, and says by which command", async () => {
  const files = (await readdir(examples)).filter((name) => /\.\w*[jt]s$/.test(name));
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) {
    expect(name).toMatch(/\.mjs$/);
    expect((await parametersOf(name))[0]).toBe(`examples/${name}`);
  }
});

it("examples/mnist.mjs trains, draws digits, and saves the weights", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("mnist.mjs", folder);
    expect(said).toMatch(/^1: D \d\.\d{3}, G \d\.\d{3}\n2: D \d\.\d{3}, G \d\.\d{3}\n$/);
    expect(await isPng(join(folder, "digits.png"))).toBe(true);
    const weights = await readFile(join(folder, "generator.safetensors"));
    expect(weights.length).toBeGreaterThan(3_000_000);
  });
});

it("examples/conditional.mjs trains, draws a column a digit, and prints its PyTorch twin", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("conditional.mjs", folder);
    expect(said).toMatch(
      /^1: D -?\d+\.\d{3}, G -?\d+\.\d{3}\n2: D .*\n[\s\S]*class Generator\(nn\.Module\)/,
    );
    expect(await isPng(join(folder, "conditional.png"))).toBe(true);
  });
});

it("examples/folder.mjs trains on a folder, and says what it left out", async () => {
  await withFolder(async (folder) => {
    const files = Array.from({ length: 64 }, (_, i) => [`${i}.png`, 4 * i] as const);
    const broken = { "broken.png": new Uint8Array() };
    await writeTree(join(folder, "pictures"), { ...Object.fromEntries(files), ...broken });
    const said = await runExample("folder.mjs", folder);
    expect(said).toMatch(
      /^packed 65 of 65\nleft out broken\.png: it is empty\n1: D -?\d+\.\d{3}, G -?\d+\.\d{3}\n2: D /,
    );
    expect(await isPng(join(folder, "pictures.png"))).toBe(true);
  });
});

it("examples/parzen.mjs says the row of the last weights and of their average", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("parzen.mjs", folder, "1");
    const rows = said
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { step: 1, weights: "raw", logLikelihood: expect.any(Number) },
      { step: 1, weights: "ema", logLikelihood: expect.any(Number) },
    ]);
    expect(await isPng(join(folder, "parzen-ema.png"))).toBe(true);
  });
});

it("examples/stacked-mnist.mjs counts the modes of what it trained", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("stacked-mnist.mjs", folder, "2", "100");
    expect(said).toMatch(/^2 steps: \d+ of \d+ modes, divergence \d+\.\d{3}\n$/);
    expect(await isPng(join(folder, "stacked-mnist.png"))).toBe(true);
  });
});

it.each(["none", "diffaugment", "ada", "ada-fast"])(
  "examples/few-images.mjs measures samples and discriminator halfway and at the end: %s",
  async (way) => {
    await withFolder(async (folder) => {
      const said = await runExample("few-images.mjs", folder, way, "70", "2", "1", "100");
      const line = (step: number) =>
        `${way}, 70 digits, ${step} steps: FID \\d+\\.\\d, KID -?\\d+\\.\\d, coverage \\d\\.\\d{3}; ` +
        "D of its digits \\d\\.\\d\\d, of others \\d\\.\\d\\d, of fakes \\d\\.\\d\\d; p \\d\\.\\d\\d\n";
      expect(said).toMatch(new RegExp(`^${line(1)}${line(2)}$`));
      expect(await isPng(join(folder, `few-images-${way}.png`))).toBe(true);
    });
  },
);

it("examples/few-images.mjs knows no other augmentation", async () => {
  await withFolder(async (folder) => {
    await expect(
      runExample("few-images.mjs", folder, "flip", "70", "2", "1", "100"),
    ).rejects.toThrow(
      "Expected one of none, diffaugment, ada, ada-fast for an augmentation but received flip",
    );
  });
});

it("examples/fine-tune.mjs measures a training from first weights, from those that were learnt, and with some frozen", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("fine-tune.mjs", folder, "70", "1", "2", "1", "100", "1");
    const figures = "FID \\d+\\.\\d, KID -?\\d+\\.\\d, coverage \\d\\.\\d{3}\n";
    const both = (name: string) =>
      [1, 2].map((step) => `${name}, ${step} steps on 70 digits: ${figures}`).join("");
    expect(said).toMatch(
      new RegExp(
        `^${both("drawn")}1 steps on 30596 digits 0 to 4\n${both("learnt")}${both("frozen")}$`,
      ),
    );
    for (const name of ["drawn", "learnt", "frozen"])
      expect(await isPng(join(folder, `fine-tune-${name}.png`))).toBe(true);
  });
});

it("examples/ring.mjs counts the modes that it found, and draws the samples", async () => {
  await withFolder(async (folder) => {
    const said = await runExample("ring.mjs", folder, "2");
    expect(said).toMatch(/^1 steps: \d of 8 modes, \d+\.\d % good samples\n2 steps: \d of 8 /);
    const svg = await readFile(join(folder, "ring.svg"), "utf8");
    expect(svg.match(/<circle /g)).toHaveLength(4000);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});
