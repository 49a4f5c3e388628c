// `sparring train --resume` is refused where it cannot be what was meant, and the run stays as it is.
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeIdxFolder } from "../helpers/idx.js";
import { runCliRanks } from "../helpers/ranks.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, contents, checkpoints, readJson, write, copy } = useRuns();

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  const words =
    "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --checkpoint-every 5 --steps 12 --out half";
  expect(await run(words)).toMatchObject({ code: 0 });
});

/** A run of its own that stopped after 12 of its steps. */
const half = (name: string) => copy("half", name);

describe("--resume, misused", () => {
  it.each([
    ["--steps 8", "at least 12 steps, which are done, for --steps but received 8"],
    ["--epochs 2", "at least 3 epochs, which have begun, for --epochs but received 2"],
  ])("%s: a length that is behind it, before anything changes", async (length, sentence) => {
    const name = await half(`behind${length.replace(" ", "")}`);
    await mkdir(at(name, "checkpoints/.sparring-1-0123abcd.tmp"));
    // Not intact: the one before it counts.
    await mkdir(at(name, "checkpoints/000013"));
    const before = await contents(name);
    const refused = {
      code: 2,
      stdout: "",
      stderr: expect.stringContaining(`Expected ${sentence}\n`),
    };
    expect(await run(`train --resume ${length} --out ${name}`)).toEqual(refused);
    expect(await contents(name)).toEqual(before);
    expect(await checkpoints(name)).toContain("000013");
    expect(await run(`train --resume --epochs 3 --out ${name}`)).toMatchObject({ code: 0 });
    expect(await checkpoints(name)).toEqual(["000010", "000012", "000015"]);
  });

  it.each([
    ["--steps 8", "at least 12 steps, which are done, for --steps but received 8"],
    [
      "--rollbacks 2",
      "0 where several ranks train, of which none goes back by itself, for --rollbacks but received 2",
    ],
  ])("of ranks the first says so, and the others that it did: %s", async (flags, what) => {
    const before = await contents("half");
    const [first, second] = await runCliRanks(2, `train --resume ${flags} --out half`, at());
    expect(await contents("half")).toEqual(before);
    const sentence = `Expected ${what}`;
    expect(first).toEqual({ code: 2, stdout: "", stderr: `rank 0: ${sentence}\n` });
    const told = `Expected all 2 ranks to take part but received an error of rank 0: ${sentence}`;
    expect(second).toMatchObject({ code: 1, stderr: `rank 1: ${told}\n` });
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      "train --resume",
      "Expected the folder of the run for --out but received nothing",
      async () => {},
    ],
    [
      "train --resume --out half --size 16",
      'Expected one of --out, --steps, --epochs, --device, --lr, --batch, --horizontal-flip, --accumulate, --execution, --precision, --reduce-precision, --sample-every, --log-every, --checkpoint-every, --keep-checkpoints, --rollbacks, --tensorboard, --evaluate-every, --evaluate-samples, --evaluate-features, or in a file objective, optimizer, order, fakes, discriminatorSteps, generatorSteps, frozen, ema, diffAugment, ada, for an option beside --resume but received "--size" (a run keeps its networks)',
      async () => {},
    ],
    [
      "train --resume --out half --device gpu",
      'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "gpu"',
      async () => {},
    ],
    [
      "train --resume --out nowhere",
      'Expected the folder of a run for --out but received "nowhere" (its config.json: no such file or folder)',
      async () => {},
    ],
    [
      "train --resume --out empty",
      'Expected an intact checkpoint for --out but received "empty/checkpoints" (it has none)',
      async () => {
        await mkdir(at("empty"));
        await cp(at("half/config.json"), at("empty/config.json"));
      },
    ],
    [
      "train --resume --out garbled",
      'Expected the folder of a run for --out but received "garbled" (its config.json: it is not JSON)',
      async () => {
        await mkdir(at("garbled"));
        await writeFile(at("garbled/config.json"), "{");
      },
    ],
    [
      "train --resume --out half --steps 0",
      "Expected a whole number of at least 1 for --steps but received 0",
      async () => {},
    ],
  ])("%s", async (words, sentence, prepare) => {
    await prepare();
    expect(await run(words)).toEqual({ code: 2, stdout: "", stderr: `${sentence}\n` });
  });

  it.each([
    "plan.json",
    "events.jsonl",
    "weights/generator.safetensors",
    "weights/generator-ema.safetensors",
    "weights/discriminator.safetensors",
    "checkpoints/best.json",
    "samples/24.png",
  ])("a folder in the place of %s, before anything is trained", async (file) => {
    const name = await half(`blocked-${file.replaceAll("/", "-")}`);
    await rm(at(name, file), { force: true });
    await mkdir(at(name, file));
    const before = await contents(name);
    expect(await run(`train --resume ${name} --steps 24`)).toEqual({
      code: 2,
      stdout: "",
      stderr: `Expected a writable file for --resume but received "${name}/${file}" (it is a folder)\n`,
    });
    expect(await contents(name)).toEqual(before);
  });

  it("data that were moved are asked for where they can be named, and go on from there", async () => {
    const name = await half("moved");
    const file = join(name, "config.json");
    const config = await readJson(file);
    await writeFile(at(file), JSON.stringify({ ...config, data: at("gone") }));
    const words = `train --resume --out ${name} --steps 24`;
    const sentence = `Expected a folder or file that can be read for data of ${file} but received "${at("gone")}" (no such file or folder)`;
    expect(await run(words)).toEqual({ code: 2, stdout: "", stderr: `${sentence}\n` });
    await cp(at("data"), at("gone"), { recursive: true });
    expect(await run(words)).toMatchObject({ code: 0 });
  });

  it.each([
    ["images", 130, 64],
    ["images", 130, 1300],
    ["heldImages", 0, 10],
    ["channels", 1, 2],
    ["channels", 1, 3],
    ["classes", 10, 5],
    ["classes", 10, 0],
  ])("facts about the data that were edited are refused: %s %i as %i", async (key, now, edited) => {
    const name = await half(`edited-${key}-${edited}`);
    const file = join(name, "config.json");
    await writeFile(at(file), JSON.stringify({ ...(await readJson(file)), [key]: edited }));
    const before = await contents(name);
    expect(await run(`train --resume ${name} --steps 24`)).toEqual({
      code: 2,
      stdout: "",
      stderr: `Expected ${now}, as the data have, for ${key} of ${file} but received ${edited}\n`,
    });
    expect(await contents(name)).toEqual(before);
  });

  it("so is the seed of the samples, by which those before can be compared with those after", async () => {
    const name = await half("sampled");
    const file = join(name, "config.json");
    await write(file, { ...(await readJson(file)), sampleSeed: 1 });
    const before = await contents(name);
    expect(await run(`train --resume ${name} --steps 24`)).toEqual({
      code: 2,
      stdout: "",
      stderr: `Expected 0, by which every run is sampled, for sampleSeed of ${file} but received 1\n`,
    });
    expect(await contents(name)).toEqual(before);
  });

  it("names of classes are words for readers: those that somebody wrote stay", async () => {
    const name = await half("named");
    const file = join(name, "config.json");
    const classNames = Array.from({ length: 10 }, (_, i) => `digit ${i}`);
    await write(file, { ...(await readJson(file)), classNames });
    const words = `train --resume ${name} --steps 13`;
    expect(await run(words)).toMatchObject({ code: 0 });
    expect(await readJson(file)).toMatchObject({ steps: 13, classes: 10, classNames });
    expect(await run(`train --resume ${await half("unnamed")} --steps 13`)).toMatchObject({
      code: 0,
    });
    const { "config.json": _, ...files } = await contents(name);
    const { "config.json": __, ...wanted } = await contents("unnamed");
    expect(files).toEqual(wanted);
  });

  it("a run that is older than a fact goes on without it", async () => {
    const name = await half("older");
    const file = join(name, "config.json");
    const { classes, classNames, sampleSeed, ...older } = await readJson(file);
    await write(file, older);
    for (const steps of [13, 14]) {
      const { code, stderr } = await run(`train --resume ${name} --steps ${steps}`);
      expect([code, stderr]).toEqual([0, expect.stringContaining(`from step ${steps - 1} on`)]);
    }
    expect(await readJson(file)).not.toHaveProperty("classes");
  });

  it("data that changed since are refused, and the run stays as it is", async () => {
    const name = await half("other");
    const config = await readJson(name, "config.json");
    await writeIdxFolder(at("fewer"), 96);
    await writeFile(at(name, "config.json"), JSON.stringify({ ...config, data: at("fewer") }));
    const before = await contents(name);
    const { code, stderr } = await run(`train --resume --out ${name} --steps 24`);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Expected the data that the run began with \(fingerprint [0-9a-f]{16}\) for ".*fewer" but received others \([0-9a-f]{16}\)\n$/,
    );
    expect(await contents(name)).toEqual(before);
  });
});
