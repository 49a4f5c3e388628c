// A run that begins with the networks of another.
import { cp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Trainer } from "../../lib/index.js";
import { parseSafetensors } from "../../lib/safetensors.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

const small = "--data data --batch 8 --threads 1 --seed 1 --no-tensorboard";
/** So small a rate that weights stay where they were, to the last few bits. */
const still = "--lr 1e-12 --steps 1";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = (line: string) => runCli(line.split(" "), folder.path);
const bytesOf = (...parts: string[]) => readFile(at(...parts));
const configOf = async (name: string) =>
  JSON.parse((await bytesOf(name, "config.json")).toString());

/** What it says before and after its log. */
async function trained(line: string, first = /^Training /): Promise<string> {
  const { code, stderr } = await run(`train ${line}`);
  expect([code, stderr]).toEqual([0, expect.stringMatching(first)]);
  return stderr;
}

async function refusal(line: string): Promise<string> {
  const { code, stderr, stdout } = await run(`train ${line}`);
  expect([code, stdout]).toEqual([2, ""]);
  return stderr.trimEnd();
}

/** The largest difference of two files of weights, and how many weights there are. */
async function apart(one: string, other: string): Promise<[largest: number, count: number]> {
  const [a, b] = [await weightsOf(one), await weightsOf(other)];
  const differences = a.map((value, i) => Math.abs(value - (b[i] as number)));
  expect(a.length).toBe(b.length);
  return [differences.reduce((largest, one) => Math.max(largest, one)), a.length];
}

/** All numbers that training learns; the mean of w moves by itself. */
async function weightsOf(path: string): Promise<Float32Array> {
  const tensors = parseSafetensors(await bytesOf(path), path);
  const learnt = tensors.filter(({ name, dtype }) => dtype === "F32" && !/w_avg$/.test(name));
  return Float32Array.from(
    learnt.flatMap(({ data }) => [...new Float32Array(data.slice().buffer)]),
  );
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  await trained(`--preset stylegan2 --size 8 ${small} --steps 4 --checkpoint-every 2 --out first`);
});
afterAll(() => folder.remove());

describe("a run that begins with another's networks", () => {
  it("has its weights, and the average of its generator, at its newest checkpoint", async () => {
    const told = await trained(`--from first ${small} ${still} --out next`);
    expect(told).toContain(`, from ${at("first")} after 4 steps\n`);
    for (const name of ["generator", "discriminator", "generator-ema"]) {
      const file = `weights/${name}.safetensors`;
      const [largest, count] = await apart(`first/${file}`, `next/${file}`);
      expect(count).toBeGreaterThan(1000);
      expect(largest, name).toBeLessThan(1e-6);
    }
    const [averages] = await apart(
      "next/weights/generator-ema.safetensors",
      "next/weights/generator.safetensors",
    );
    expect(averages).toBeGreaterThan(1e-4);
  });

  it("keeps what is frozen, bit for bit, and trains the rest", async () => {
    await writeFile(at("freeze.json"), JSON.stringify({ frozen: { discriminator: 2 } }));
    const told = await trained(`freeze.json --from first ${small} --steps 2 --out frozen`);
    expect(told).toContain("\n  frozen: the first 2 layers of the discriminator\n");
    const [first, then] = await Promise.all(
      ["first", "frozen"].map(async (name) => {
        const path = `${name}/weights/discriminator.safetensors`;
        return parseSafetensors(await bytesOf(path), path);
      }),
    );
    const isSame = first?.map(({ data }, i) => Buffer.compare(data, then?.[i]?.data as Uint8Array));
    const firstMoved = isSame?.findIndex((difference) => difference !== 0);
    // A convolution, and a residual block of two with a skip that has no bias.
    expect(firstMoved).toBe(7);
  });

  it("has its networks, their size and its rules, and new counts", async () => {
    const [first, next] = await Promise.all(["first", "next"].map(configOf));
    const same = ["preset", "size", "objective", "order", "discriminatorSteps"];
    for (const key of same) expect(next[key], key).toEqual(first[key]);
    expect(next.optimizer.generator).toEqual({ ...first.optimizer.generator, lr: 1e-12 });
    // What it averages is trained: there is nothing to forget early on.
    expect(first.ema.rampUp).toBe(0.05);
    expect(next.ema).toEqual({ ...first.ema, rampUp: 0 });
    expect([first.from, first.fromStep]).toEqual([null, null]);
    expect([next.from, next.fromStep]).toEqual([at("first"), 4]);
    const trainer = await Trainer.load(at("next/checkpoints/000001"));
    expect(trainer.step).toBe(1);
    trainer.dispose();
  });

  it("may begin at another checkpoint, and is repeated by its config.json, bit for bit", async () => {
    await trained(`--from first --from-step 2 ${small} --steps 2 --out second`);
    await trained("second/config.json --out again");
    const weights = "weights/generator.safetensors";
    expect((await bytesOf("again", weights)).equals(await bytesOf("second", weights))).toBe(true);
    await trained(`--from first ${small} --steps 2 --out other`);
    expect((await bytesOf("other", weights)).equals(await bytesOf("second", weights))).toBe(false);
    expect((await configOf("again")).fromStep).toBe(2);
  });

  it("goes on without the other, to the same bytes", async () => {
    await cp(at("first"), at("gone"), { recursive: true });
    await trained(`--from gone ${small} --steps 4 --out whole`);
    await trained(`--from gone ${small} --steps 2 --out half`);
    await rm(at("gone"), { recursive: true });
    await trained("--resume --steps 4 --out half");
    const weights = "weights/generator.safetensors";
    expect((await bytesOf("half", weights)).equals(await bytesOf("whole", weights))).toBe(true);
  });

  it("takes the newest checkpoint of which both networks are intact", async () => {
    await cp(at("first"), at("torn"), { recursive: true });
    await writeFile(at("torn/checkpoints/000004/discriminator.safetensors"), "torn");
    const told = await trained(
      `--from torn ${small} --steps 2 --out mended`,
      /^Skipped a checkpoint that is not intact: Expected a checkpoint for --from but received ".*000004" \(/,
    );
    expect(await refusal(`--from torn ${small} --from-step 4 --steps 2 --out no`)).toMatch(
      /^Expected a checkpoint for --from-step but received ".*000004" \(discriminator\.safetensors has 4 bytes, /,
    );
    expect(told).toContain(`, from ${at("torn")} after 2 steps\n`);
    const weights = "weights/generator.safetensors";
    expect((await bytesOf("mended", weights)).equals(await bytesOf("second", weights))).toBe(true);
  });

  it("keeps no average of the other run where it keeps none, and begins one as it is told", async () => {
    await cp(at("first"), at("unaveraged"), { recursive: true });
    await writeFile(at("unaveraged/checkpoints/000004/ema.safetensors"), "torn");
    await writeFile(at("none.json"), JSON.stringify({ ema: null }));
    await trained(`none.json --from unaveraged ${small} --steps 2 --out none`);
    expect(await configOf("none")).toMatchObject({ ema: null, fromStep: 4 });
    const emaOf = async (ema: object) => {
      await writeFile(at("ema.json"), JSON.stringify({ ema }));
      const { code, stdout } = await run(`train ema.json --from first ${small} --dry-run --json`);
      expect(code).toBe(0);
      return JSON.parse(stdout).config.ema;
    };
    expect(await emaOf({ decay: 0.9 })).toEqual({ decay: 0.9, rampUp: 0 });
    expect(await emaOf({ decay: 0.9, rampUp: 0.1 })).toEqual({ decay: 0.9, rampUp: 0.1 });
  });

  it("takes the weights of a run that was handed on without checkpoints", async () => {
    await cp(at("first"), at("handed"), { recursive: true });
    await rm(at("handed/checkpoints"), { recursive: true });
    const told = await trained(`--from handed ${small} --steps 2 --out handed-on`);
    expect(told).toContain(`, from ${at("handed")}\n`);
    const weights = "weights/generator.safetensors";
    expect((await bytesOf("handed-on", weights)).equals(await bytesOf("other", weights))).toBe(
      true,
    );
    expect((await configOf("handed-on")).fromStep).toBe(null);
    // Repeated, it begins with the same, whatever checkpoints there are by then.
    await cp(at("first/checkpoints/000002"), at("handed/checkpoints/000002"), { recursive: true });
    await trained("handed-on/config.json --out repeated");
    expect((await bytesOf("repeated", weights)).equals(await bytesOf("other", weights))).toBe(true);
  });

  it("is gone on with where the other run is gone, or goes on by other rules, and by any link to it", async () => {
    await cp(at("first"), at("teacher"), { recursive: true });
    const line = `${small} --restartable --out pupil`;
    await trained(`--from teacher ${line} --steps 1`);
    await trained("--resume teacher --lr 1e-5 --steps 6", /^From step 4 on other rules hold: lr/);
    await trained(`--from teacher ${line} --steps 2`);
    await symlink(at("teacher"), at("link"));
    await trained(`--from link ${line} --steps 3`);
    await rm(at("teacher"), { recursive: true });
    await trained(`--from teacher ${line} --steps 4`);
    expect((await configOf("pupil")).optimizer.generator.lr).toBe(0.005);
  });

  it("has images of a folder in the colours that it learnt on", async () => {
    const levels = Array.from({ length: 8 }, (_, i) => [`${i}.png`, 20 * i] as const);
    await writeTree(at("pictures"), Object.fromEntries(levels));
    const line = `${small} --steps 1 --out grey`.replace("--data data", "--data pictures");
    await trained(`--from first ${line}`, /^Packing 8 images /);
    expect((await configOf("grey")).channels).toBe(1);
  });

  it("begins again with what it began with, where it did not come to a checkpoint", async () => {
    await cp(at("first"), at("tutor"), { recursive: true });
    const line = `--from tutor ${small} --restartable --steps 2 --out novice`;
    await trained(line);
    const weights = "weights/generator.safetensors";
    const before = await bytesOf("novice", weights);
    for (const part of ["checkpoints", "weights"])
      await rm(at("novice", part), { recursive: true });
    await trained("--resume tutor --steps 6");
    expect(await trained(line)).toContain(`, from ${at("tutor")} after 4 steps\n`);
    expect((await bytesOf("novice", weights)).equals(before)).toBe(true);
  });

  it("takes a step of the run that the flag names", async () => {
    await cp(at("first"), at("gone-on"), { recursive: true });
    await trained(`second/config.json --from gone-on ${small} --steps 1 --out of-other`);
    expect(await configOf("of-other")).toMatchObject({ from: at("gone-on"), fromStep: 4 });
    await writeFile(at("step.json"), JSON.stringify({ fromStep: 2 }));
    await trained(`step.json --from first ${small} --steps 1 --out stepped`);
    expect(await configOf("stepped")).toMatchObject({ from: at("first"), fromStep: 2 });
  });

  it("begins so from a file, whose paths start from its folder, and with networks of one's own", async () => {
    const layers = (width: number) => [{ type: "flatten" }, { type: "linear", outFeatures: width }];
    const own = {
      generator: {
        latent: { noise: 4 },
        layers: [...layers(64), { type: "unflatten", shape: [1, 8, 8] }],
      },
      discriminator: { image: [1, 8, 8], layers: layers(1) },
    };
    await writeFile(at("own.json"), JSON.stringify({ ...own, lr: 0.01 }));
    await trained(`own.json ${small} --steps 2 --out owned`);
    await writeFile(at("from.json"), JSON.stringify({ from: "owned", steps: 2 }));
    await trained(`from.json ${small} --out owned-on`);
    const { preset, generator, optimizer, from, fromStep } = await configOf("owned-on");
    expect([preset, generator]).toEqual([null, own.generator]);
    expect([optimizer.generator.lr, from, fromStep]).toEqual([0.01, at("owned"), 2]);
    const wider = {
      ...own,
      discriminator: { image: [1, 8, 8], layers: [...layers(2), ...layers(1)] },
    };
    await writeFile(at("wider.json"), JSON.stringify({ ...wider, from: "owned" }));
    expect(await refusal(`wider.json ${small} --out no`)).toMatch(
      /^Expected the weights of this network for from of wider\.json but received ".*discriminator\.safetensors": 1\.weight is \[1, 64\], needs \[2, 64\]/,
    );
  });

  it("is gone on with under the same launcher's line alone", async () => {
    const line = `--from first ${small} --restartable --out again-and-again`;
    await trained(`${line} --steps 1`);
    await trained(`${line} --steps 2`);
    expect(await refusal(`${line} --lr 2e-4 --steps 2`)).toBe(
      'Expected 0.005, as the run in "again-and-again" has it, for --lr but received 0.0002',
    );
    await trained("again-and-again/config.json --restartable --steps 3 --out repeats");
    await trained("again-and-again/config.json --restartable --steps 4 --out repeats");
    const drawn = line.replace("--from first", "--preset stylegan2 --size 8");
    expect(await refusal(`${drawn} --steps 2`)).toBe(
      `Expected "${at("first")}", as the run in "again-and-again" has it, for --from but received null`,
    );
  });
});

describe("a run to begin from that there is not", () => {
  it.each([
    [
      "--from nowhere",
      /^Expected the folder of a run for --from but received ".*nowhere" \(its config\.json: no such file or folder\)$/,
    ],
    ["--from first --from-step 3", /^Expected one of 2, 4 for --from-step but received 3$/],
    [
      "--from first --from-step -1",
      /^Expected a whole number of at least 0 for --from-step but received -1$/,
    ],
    [
      "--from-step 2",
      /^Expected --from beside --from-step for the options but received "--from-step"$/,
    ],
    [
      "--from first --preset mlp --size 8",
      /^Expected a run of mlp, 1×8×8, for --from but received ".*first" \(stylegan2, 1×8×8\)$/,
    ],
    [
      "--from first --size 16",
      /^Expected a run of stylegan2, 1×16×16, for --from but received ".*first" \(stylegan2, 1×8×8\)$/,
    ],
    [
      "--pretrained first",
      /^Expected --from for an option of sparring train but received "--pretrained"/,
    ],
  ])("%s is refused, and nothing is made", async (options, message) => {
    expect(await refusal(`${options} ${small} --steps 2 --out no`)).toMatch(message);
    await expect(bytesOf("no", "config.json")).rejects.toThrow("ENOENT");
  });

  it("is refused, where it is another's, before images are packed for it", async () => {
    await writeTree(at("unpacked"), { "1.png": 1, "2.png": 2 });
    const line = `--from first --size 16 ${small}`.replace("--data data", "--data unpacked");
    expect(await refusal(`${line} --steps 2 --out no`)).toMatch(
      /^Expected a run of stylegan2, 1×16×16, for --from but received ".*first" \(stylegan2, 1×8×8\)$/,
    );
  });

  it("is refused with what is wrong with its config.json", async () => {
    await cp(at("first"), at("forged"), { recursive: true });
    const config = await configOf("first");
    await writeFile(at("forged/config.json"), JSON.stringify({ ...config, order: "both" }));
    expect(await refusal(`--from forged ${small} --steps 2 --out no`)).toMatch(
      /^Expected the folder of a run for --from but received ".*forged" \(its config\.json: Expected one of generatorFirst, discriminatorFirst for order but received "both"\)$/,
    );
  });
});
