// Images that a run keeps back, and which images `sparring evaluate` takes for the real ones.
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasets, type Generator, metrics, Trainer } from "../../lib/index.js";
import { loadParts } from "../../lib/run/parts.js";
import { runCli, withOptions } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder, writeIdxTestFiles } from "../helpers/idx.js";

const means = fileURLToPath(new URL("../reference/torch-script/means.pt", import.meta.url));
const small =
  "train --preset mlp --data data --size 8 --batch 8 --threads 1 --seed 1 --no-tensorboard";
const judged = `--evaluate-every 2 --evaluate-samples 30 --evaluate-features ${means}`;

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = (line: string) => runCli(line.split(" "), folder.path);
const weights = (name: string) => readFile(at(name, "weights/generator.safetensors"));

/** What a command prints as JSON. */
async function figures(line: string) {
  const { code, stderr, stdout } = await run(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

const refusal = async (line: string) => {
  const { code, stderr, stdout } = await run(line);
  expect([code, stdout]).toEqual([2, ""]);
  return stderr.trimEnd();
};

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  await writeIdxTestFiles(at("data"), 12);
  const line = `${small} --hold-out 0.25 ${judged} --steps 4 --out held`;
  expect(await run(line)).toMatchObject({ code: 0 });
  expect(await run(`${small} --steps 4 --out plain`)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

describe("a run that keeps images back", () => {
  it("trains on the others, as a program does on that part", async () => {
    const config = JSON.parse(await readFile(at("held/config.json"), "utf8"));
    expect(config).toMatchObject({ holdOut: 0.25, images: 30, heldImages: 10 });
    const trainer = await Trainer.load(at("held/checkpoints/000004"));
    using data = await datasets.mnist({ root: at("data"), size: 8 });
    const [train] = await data.split([30, 10], { seed: 0 });
    // The data that a checkpoint knows: on others a run would begin a new epoch.
    const { data: known } = await trainer.snapshot();
    expect(known).toBe(await train?.native.fingerprint());
    expect((await weights("held")).equals(await weights("plain"))).toBe(false);
  });

  it("goes on with the same images, to the same bytes", async () => {
    const line = `${small} --hold-out 0.25 --out halves`;
    expect(await run(`${line} --steps 2`)).toMatchObject({ code: 0 });
    expect(await run("train --resume --steps 4 --out halves")).toMatchObject({ code: 0 });
    expect((await weights("halves")).equals(await weights("held"))).toBe(true);
  });

  it("is not gone on with where one of those it keeps back is another", async () => {
    await cp(at("data"), at("replaced"), { recursive: true });
    const file = at("replaced/train-images-idx3-ubyte");
    const images = await readFile(file);
    const header = 16;
    const prints = async () => {
      using data = await datasets.mnist({ root: at("replaced"), size: 8 });
      const parts = await data.split([30, 10], { seed: 0 });
      return Promise.all(parts.map((part) => part.native.fingerprint()));
    };
    const [trained, held] = await prints();
    // The first of them that is not trained on.
    for (let i = 0; i < 40; ++i) {
      const others = Buffer.from(images);
      others[header + 64 * i] = (images[header + 64 * i] as number) ^ 1;
      await writeFile(file, others);
      if ((await prints())[0] === trained) break;
    }
    const now = (await prints())[1];
    expect(now).not.toBe(held);
    await cp(at("held"), at("moved"), { recursive: true });
    const config = JSON.parse(await readFile(at("moved/config.json"), "utf8"));
    await writeFile(at("moved/config.json"), JSON.stringify({ ...config, data: at("replaced") }));
    const what = `the images that the run kept back when it began (fingerprint ${held})`;
    const sentence = `Expected ${what} for "${at("replaced")}" but received others (${now})`;
    expect(await refusal("train --resume moved --steps 6")).toBe(sentence);
  });

  it("is judged by them while it trains", async () => {
    const lines = (await readFile(at("held/evaluations.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).reals)).toEqual([10, 10]);
  });

  it("is gone on with by the same share alone, and repeated by its config.json", async () => {
    const again = `${small} --hold-out 0.5 ${judged} --steps 4 --out held --restartable`;
    expect(await refusal(again)).toBe(
      'Expected 0.25, as the run in "held" has it, for --hold-out but received 0.5',
    );
    expect(await run("train held/config.json --out repeated")).toMatchObject({ code: 0 });
    expect((await weights("repeated")).equals(await weights("held"))).toBe(true);
  });

  it("tells how many it keeps back, and may be repeated with another share", async () => {
    const half = await run("train held/config.json --hold-out 0.5 --out half");
    expect(half.stderr).toMatch(/: 20 images of 8×8, and 20 kept back\n/);
    const config = JSON.parse(await readFile(at("held/config.json"), "utf8"));
    // Beside the run's, as its paths start there.
    await writeFile(at("held/edited.json"), JSON.stringify({ ...config, holdOut: 0 }));
    const edited = await run("train held/edited.json --out none");
    expect(edited.stderr).toMatch(/: 40 images of 8×8\n/);
    expect((await weights("none")).equals(await weights("plain"))).toBe(true);
    await writeFile(at("held/edited.json"), JSON.stringify({ ...config, images: 31 }));
    expect((await run("train held/edited.json --out other")).stderr).toMatch(
      "Expected 30, as this run has it, for images of held/edited.json but received 31",
    );
  });

  it.each([
    [40, 0.29, 11],
    [100, 0.29, 29],
    [100, 0.57, 57],
    [7, 0.15, 1],
    [2, 0.999999999, 1],
  ])("is, of %i images and a share of %f, without %i", async (size, holdOut, expected) => {
    const name = `of${size}`;
    await writeIdxFolder(at(name), size);
    const asked = { data: at(name), size: 8, channels: undefined, resident: undefined, holdOut };
    const naming = (option: string) => option;
    const { dataset, held } = await loadParts({ ...asked, naming }, "cpu", {});
    expect([dataset.size, held?.size]).toEqual([size - expected, expected]);
  });

  it.each([
    ["1", "Expected a number in [0, 1) for --hold-out but received 1"],
    ["-0.1", "Expected a number in [0, 1) for --hold-out but received -0.1"],
    [
      "0.01",
      "Expected 0, or a share that is at least one of 40 images, for --hold-out but received 0.01",
    ],
  ])("refuses a share of %s", async (share, sentence) => {
    expect(await refusal(`${small} --hold-out=${share} --steps 2 --out no`)).toBe(sentence);
  });
});

describe("sparring evaluate", () => {
  const line = (more: string) =>
    withOptions(`evaluate held --samples 30 --features ${means}`, more);

  it("takes the images that were kept back, where there are any", async () => {
    const { split, reals, scores } = await figures(line("--metrics fid"));
    expect({ split, reals }).toEqual({ split: "held", reals: 10 });
    using network = await metrics.torchScript(means);
    const trainer = await Trainer.load(at("held/checkpoints/000004"));
    using data = await datasets.mnist({ root: at("data"), size: 8 });
    const [, held] = await data.split([30, 10], { seed: 0 });
    const real = await network.features(held as never, { count: 10, seed: 0 });
    const drawn = await network.features(trainer.generator as Generator, { count: 30, seed: 0 });
    expect(scores.fid.value).toBeCloseTo((await metrics.fid(real, drawn)).value, 4);
    expect((await run(line("--metrics fid"))).stdout).toMatch(
      /\n {2}30 samples against 10 held-out images of /,
    );
  });

  it.each([
    ["train", 30, "images"],
    ["test", 12, "test images"],
  ])("takes those to %s on where they are asked for", async (split, reals, called) => {
    expect(await figures(line(`--split ${split}`))).toMatchObject({ split, reals });
    const { stdout } = await run(line(`--split ${split}`));
    expect(stdout).toContain(`30 samples against ${reals} ${called} of `);
  });

  it("refuses data of which other images would be held, and takes those to test on", async () => {
    await cp(at("held"), at("grown"), { recursive: true });
    await cp(at("data"), at("more"), { recursive: true });
    await writeIdxFolder(at("more"), 41);
    const config = JSON.parse(await readFile(at("held/config.json"), "utf8"));
    const grown = JSON.stringify({ ...config, data: at("more") });
    await writeFile(at("grown/config.json"), grown);
    const command = line("--seed 0").replace("evaluate held", "evaluate grown");
    for (const split of ["held", "train"])
      expect(await refusal(`${command} --split ${split}`)).toBe(
        `Expected 30 images to train on and 10 kept back, as when the run began, for "${at("more")}" but received 31 and 10`,
      );
    // As many to train on, and one more that is held.
    await writeFile(at("grown/config.json"), grown.replace('"heldImages":10', '"heldImages":9'));
    await writeIdxFolder(at("more"), 40);
    expect(await refusal(command)).toContain("but received 30 and 10");
    expect(await figures(`${command} --split test`)).toMatchObject({ split: "test" });
  });

  it("takes all that there are of a run that kept none back, and of other data", async () => {
    const plain = `evaluate plain --samples 50 --features ${means}`;
    expect(await figures(plain)).toMatchObject({ split: "train", reals: 40 });
    expect(await figures(line("--data data --samples 50"))).toMatchObject({
      ...{ split: "train", reals: 40 },
    });
  });

  it("says of too few of them for FID what takes fewer", async () => {
    const fewOf = (count: number) =>
      `Expected more than 64 images, which FID by so many features needs, for the real images but received ${count} (sparring evaluate --metrics kid takes fewer)`;
    const few = fewOf(10);
    expect(await refusal("evaluate held --samples 100")).toBe(few);
    await writeIdxFolder(at("as-many"), 64);
    expect(await refusal("evaluate plain --data as-many --samples 100")).toBe(fewOf(64));
    const kid = await figures("evaluate held --samples 100 --metrics kid");
    expect(kid).toMatchObject({ reals: 10, samples: 100 });
    const line = `${small} --hold-out 0.25 --evaluate-every 2 --steps 4 --out no`;
    expect(await refusal(line)).toBe(few);
  });

  it("refuses images that there are not", async () => {
    const none = "Expected train or test, as nothing was kept back (train --hold-out), for --split";
    expect(await refusal("evaluate plain --split held")).toBe(`${none} but received "held"`);
    expect(await refusal(line("--data data --split held"))).toBe(`${none} but received "held"`);
    expect(await refusal(line("--split valid"))).toBe(
      'Expected one of train, held, test for --split but received "valid"',
    );
    const file = at("data/train-images-idx3-ubyte");
    expect(await refusal(line(`--data ${file} --split test`))).toBe(
      `Expected a folder of MNIST's or CIFAR-10's files, which have images to test on, for --data but received "${file}"`,
    );
  });
});
