// The folder: what is in it, what is refused, and what is left behind where it cannot be written.
import { createHash } from "node:crypto";
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checksumOf, sha256 } from "../../lib/checkpoint/format.js";
import { readWhole } from "../../lib/files.js";
import { Generator, schedules, Trainer } from "../../lib/index.js";
import { optimizers } from "../../lib/index.js";
import { formatSafetensors, parseSafetensors, type StoredTensor } from "../../lib/safetensors.js";
import { makeFolder } from "../helpers/folder.js";
import { fingerprintOf, smallImages, smallTrainer, trainFor } from "../helpers/presets.js";
import { collect, labelledImages, losses, tinyTrainer } from "../helpers/training.js";

let folder: { readonly path: string; remove(): Promise<void> };
let good: string;
let count = 0;
const fresh = () => `${folder.path}/${++count}`;

beforeAll(async () => {
  folder = await makeFolder();
  good = fresh();
  const trainer = tinyTrainer({ ema: { decay: 0.9 } });
  await losses(trainer, await labelledImages(32));
  await trainer.save(good);
});
afterAll(() => folder.remove());

/** The good checkpoint with a file changed. */
async function changed(file: string, change: (bytes: Buffer) => Buffer | string): Promise<string> {
  const path = fresh();
  await cp(good, path, { recursive: true });
  await writeFile(`${path}/${file}`, change(await readFile(`${path}/${file}`)));
  return path;
}

/** The good checkpoint with its manifest changed by somebody who knows the checksum. */
function forged(change: (manifest: Record<string, unknown>) => object): Promise<string> {
  return changed("checkpoint.json", (bytes) => {
    const { checksum, ...manifest } = JSON.parse(bytes.toString());
    const forged = change(manifest);
    return JSON.stringify({ ...forged, checksum: checksumOf(forged) });
  });
}

/** The same with a tensor of training.safetensors changed. */
function forgedTensor(
  name: string,
  change: (bytes: DataView) => void,
  shape?: number[],
): Promise<string> {
  const file = "training.safetensors";
  let bytes: Buffer;
  return changed(file, (whole) => {
    const tensors = parseSafetensors(whole, file);
    const at = tensors.findIndex((tensor) => tensor.name === name);
    const { data, ...rest } = tensors[at] as StoredTensor;
    change(new DataView(data.buffer, data.byteOffset, data.byteLength));
    if (shape !== undefined)
      tensors[at] = { ...rest, shape, data: data.subarray(0, 8 * (shape[0] as number)) };
    bytes = Buffer.concat(formatSafetensors(tensors));
    return bytes;
  }).then(async (path) => {
    const { checksum, ...manifest } = JSON.parse(await readFile(`${path}/checkpoint.json`, "utf8"));
    const facts = { bytes: bytes.byteLength, sha256: await sha256(bytes) };
    const forged = { ...manifest, files: { ...manifest.files, [file]: facts } };
    await writeFile(
      `${path}/checkpoint.json`,
      JSON.stringify({ ...forged, checksum: checksumOf(forged) }),
    );
    return path;
  });
}

describe("a checkpoint", () => {
  it("is a folder whose networks other programs read", async () => {
    expect((await readdir(good)).sort()).toEqual([
      "checkpoint.json",
      "discriminator.safetensors",
      "ema.safetensors",
      "generator.safetensors",
      "training.safetensors",
    ]);
    const trainer = await Trainer.load(good);
    const alone = new Generator(trainer.generator.architecture);
    await alone.loadWeights(`${good}/generator.safetensors`);
    const one = await alone.sample(2, { seed: 1 });
    expect(one.data).toEqual((await trainer.generator.sample(2, { seed: 1 })).data);
  });

  it("keeps optimizers, schedules and options as they were", async () => {
    const sgd = optimizers.sgd({ lr: 0.1, momentum: { from: 0.5, to: 0.9, steps: 6 } });
    const adam = optimizers.adam({ lr: 1e-3, schedule: schedules.linear({ steps: 8 }) });
    const make = () =>
      tinyTrainer({ optimizer: { generator: sgd, discriminator: adam }, diffAugment: ["cutout"] });
    const data = await labelledImages(32);
    const [whole, cut] = [make(), make()];
    const all = await losses(whole, data, 6);
    const first = await losses(cut, data, 2);
    const path = fresh();
    await cut.save(path);
    expect([...first, ...(await losses(await Trainer.load(path), data, 4))]).toEqual(all);
  });

  it("made while a run goes on is the state between two steps of it", async () => {
    const trainer = smallTrainer("mlp", "fused");
    const data = await smallImages("mlp");
    const path = fresh();
    let saving: Promise<void> | undefined;
    for await (const { step } of trainer.run(data, { steps: 80, batchSize: 16, tickEvery: 5 }))
      if (step === 10) saving = trainer.save(path);
    await saving;
    const loaded = await Trainer.load(path);
    expect(loaded.step).toBeGreaterThanOrEqual(10);
    expect(loaded.step).toBeLessThan(80);
    await trainFor(loaded, data, 80 - loaded.step);
    // Their digests: element by element the comparison alone would take half a minute.
    const digests = async (one: Trainer) =>
      (await one.snapshot()).tensors
        .filter(({ name }) => /^(gen|dis|opt|ran)/.test(name))
        .map(({ name, data }) => [name, createHash("sha256").update(data).digest("hex")]);
    expect(await digests(loaded)).toEqual(await digests(trainer));
  });

  it("before the first step, and saved again after loading, is the same", async () => {
    const trainer = tinyTrainer();
    const [one, two] = [fresh(), fresh()];
    await trainer.save(one);
    const loaded = await Trainer.load(one);
    await loaded.save(two);
    const data = await labelledImages(32);
    expect(await losses(await Trainer.load(two), data)).toEqual(await losses(trainer, data));
    const [again, thrice] = [fresh(), fresh()];
    await trainer.save(again);
    await (await Trainer.load(again)).save(thrice);
    expect(await fingerprintOf(await Trainer.load(thrice))).toBe(await fingerprintOf(trainer));
  });

  it("loaded with a seed draws other numbers, the same each time", async () => {
    const data = await labelledImages(32);
    const next = async (seed?: number) => losses(await Trainer.load(good, { seed }), data);
    const own = await next();
    expect(await next(1)).toEqual(await next(1));
    expect(await next(1)).not.toEqual(own);
    expect(await next(2)).not.toEqual(await next(1));
    await expect(Trainer.load(good, { seed: -1 })).rejects.toThrow("for seed but received -1");
  });

  it("goes on with other data, or other batches, as an epoch that begins", async () => {
    const data = await labelledImages(32);
    const [whole, cut] = [tinyTrainer(), tinyTrainer()];
    for (const trainer of [whole, cut]) await losses(trainer, data, 1, 8);
    const path = fresh();
    await cut.save(path);
    const loaded = await Trainer.load(path);
    expect(await losses(loaded, data, 2, 16)).toEqual(await losses(whole, data, 2, 16));
    const other = await labelledImages(24);
    expect(await losses(loaded, other, 2)).toEqual(await losses(whole, other, 2));
  });

  it("of version 1, made in November 2026, still loads", async () => {
    const old = fileURLToPath(new URL("../reference/checkpoint-1", import.meta.url));
    const trainer = await Trainer.load(old);
    expect(trainer.step).toBe(3);
    const ticks = await collect(trainer.run(await labelledImages(32), { steps: 1, batchSize: 8 }));
    expect(ticks[0]?.step).toBe(4);
    // Other processors round differently; what they round is the same.
    const { generatorLoss, discriminatorLoss } = ticks[0] as (typeof ticks)[0];
    const expected = JSON.parse(await readFile(`${old}/../checkpoint-1-next.json`, "utf8"));
    expect(generatorLoss).toBeCloseTo(expected.generatorLoss, 4);
    expect(discriminatorLoss).toBeCloseTo(expected.discriminatorLoss, 4);
  });
});

describe("Trainer.load refuses", () => {
  const refusal = (path: string, why: string) => ({
    name: "SparringError",
    code: "ERR_CHECKPOINT",
    message: `Expected a checkpoint for path but received ${JSON.stringify(path)} (${why})`,
  });

  it.each<[string, () => Promise<string>, string | RegExp]>([
    ["a folder that is not there", async () => fresh(), "checkpoint.json: no such file or folder"],
    [
      "an empty folder",
      async () => {
        const path = fresh();
        await mkdir(path);
        return path;
      },
      "checkpoint.json: no such file or folder",
    ],
    [
      "half a manifest",
      () => changed("checkpoint.json", (b) => b.subarray(0, 99)),
      "checkpoint.json is not a JSON object",
    ],
    [
      "a list",
      () => changed("checkpoint.json", () => "[]"),
      "checkpoint.json is not a JSON object",
    ],
    [
      "another file's manifest",
      () => changed("checkpoint.json", () => "{}"),
      "checkpoint.json is not a checkpoint's",
    ],
    [
      "a manifest that somebody changed",
      () => changed("checkpoint.json", (b) => b.toString().replace('"step": 3', '"step": 4')),
      "checkpoint.json is damaged",
    ],
    [
      "a version to come",
      () => forged((manifest) => ({ ...manifest, version: 2 })),
      "its format is version 2; this Sparring reads 1 to 1",
    ],
    [
      "a manifest without counts",
      () => forged(({ counts, ...manifest }) => manifest),
      "checkpoint.json lacks something that a checkpoint has",
    ],
    [
      "a file cut short",
      () => changed("generator.safetensors", (b) => b.subarray(0, b.length - 1)),
      /^generator\.safetensors has \d+ bytes, not \d+$/,
    ],
    [
      "a file that grew",
      () => changed("ema.safetensors", (b) => Buffer.concat([b, b])),
      /^ema\.safetensors: it has \d+ bytes, more than \d+$/,
    ],
    [
      "a bit that flipped",
      () =>
        changed("training.safetensors", (b) => {
          b[b.length - 9] = (b[b.length - 9] as number) ^ 1;
          return b;
        }),
      "training.safetensors is damaged",
    ],
  ])("%s", async (_, make, why) => {
    const path = await make();
    const expected = refusal(path, typeof why === "string" ? why : "");
    const error = await Trainer.load(path).catch((one) => one);
    expect(error).toMatchObject({ name: expected.name, code: expected.code });
    if (typeof why === "string") expect(error.message).toBe(expected.message);
    else expect(error.message.slice(expected.message.length - 1, -1)).toMatch(why);
  });

  it("a checkpoint without an optimizer's state, which somebody forged", async () => {
    const path = await forged((manifest) => {
      const { "training.safetensors": gone, ...files } = manifest.files as Record<string, object>;
      return { ...manifest, files };
    });
    await expect(Trainer.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: expect.stringMatching(/^Expected \S+ in the checkpoint but there is none$/),
    });
  });

  it.each<[string, string, (bytes: DataView) => void, string]>([
    [
      "random numbers from beyond their generator's state",
      "random.cpu",
      // `left` and `next` of the Mersenne Twister, each of them as large as it may be.
      (bytes) => {
        bytes.setInt32(8, 624, true);
        bytes.setBigUint64(16, 624n, true);
      },
      "Expected the state of a generator of random numbers for random in the checkpoint",
    ],
    [
      "an order that has an image twice",
      "sampler.permutation",
      (bytes) => bytes.setBigInt64(0, bytes.getBigInt64(8, true), true),
      "Expected an order of images in the checkpoint",
    ],
  ])("%s, which somebody forged", async (_, name, change, sentence) => {
    const path = await forgedTensor(name, change);
    await expect(Trainer.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: sentence,
    });
  });

  it("an order of fewer images than there are, found out before anything is trained", async () => {
    const inOrder = (bytes: DataView) => {
      for (let i = 0; i < 30; ++i) bytes.setBigInt64(8 * i, BigInt(i), true);
    };
    const trainer = await Trainer.load(await forgedTensor("sampler.permutation", inOrder, [30]));
    const step = trainer.step;
    const running = losses(trainer, await labelledImages(32));
    await expect(running).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: "Expected an order of as many images for data in the checkpoint",
    });
    expect(trainer.step).toBe(step);
  });

  it("more steps that were told than were done, which somebody forged", async () => {
    const path = await forged((manifest) => ({
      ...manifest,
      counts: { ...(manifest.counts as object), reported: 1000 },
    }));
    await expect(Trainer.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: "Expected no more reported steps than steps in the checkpoint",
    });
  });

  it("options that no trainer takes", async () => {
    const path = await forged((manifest) => ({
      ...manifest,
      trainer: { ...(manifest.trainer as object), order: "together" },
    }));
    await expect(Trainer.load(path)).rejects.toThrow("for order but received");
  });

  it("a path that is none, and an unknown option", async () => {
    await expect(Trainer.load(3 as never)).rejects.toThrow("for path but received 3");
    await expect(tinyTrainer().save("" as never)).rejects.toThrow('for path but received ""');
    await expect(Trainer.load(good, { steps: 1 } as never)).rejects.toThrow(
      'Expected only the options device, seed, distributed for options but received "steps"',
    );
    await expect(Trainer.load(good, { device: "cuda:7" })).rejects.toMatchObject({
      code: "ERR_DEVICE",
    });
  });
});

describe("saving where something lies already", () => {
  let parent: string;
  beforeEach(async () => {
    parent = fresh();
    await mkdir(parent);
  });

  it("a folder that is not empty is left as it is", async () => {
    await writeFile(`${parent}/thesis.tex`, "42");
    await expect(tinyTrainer().save(parent)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: `Expected a new folder that can be written for path but received "${parent}" (it exists already)`,
    });
    expect(await readdir(parent)).toEqual(["thesis.tex"]);
  });

  it("a file in the way stays, and nothing else appears", async () => {
    await writeFile(`${parent}/file`, "42");
    await expect(tinyTrainer().save(`${parent}/file/checkpoint`)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: expect.stringMatching(/\(it exists already\)$/),
    });
    await expect(tinyTrainer().save(`${parent}/file`)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
    });
    expect(await readdir(parent)).toEqual(["file"]);
  });

  it("an existing checkpoint is not replaced", async () => {
    const trainer = tinyTrainer();
    await trainer.save(`${parent}/one`);
    const manifest = await readFile(`${parent}/one/checkpoint.json`, "utf8");
    await losses(trainer, await labelledImages(16));
    await expect(trainer.save(`${parent}/one`)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
    expect(await readFile(`${parent}/one/checkpoint.json`, "utf8")).toBe(manifest);
    expect(await readdir(parent)).toEqual(["one"]);
  });
});

describe("a file of more than 2 GiB", () => {
  const size = 2 ** 31 + 5;
  it("has its checksum in parts, and is read whole", async () => {
    const path = fresh();
    await writeFile(path, "begin");
    await truncate(path, size - 3);
    await appendFile(path, "end");
    const bytes = await readWhole(path);
    await rm(path);
    expect([bytes.byteLength, bytes.toString("latin1", size - 3)]).toEqual([size, "end"]);
    const whole = createHash("sha256");
    for (let at = 0; at < size; at += 2 ** 30) whole.update(bytes.subarray(at, at + 2 ** 30));
    expect(await sha256(bytes)).toBe(whole.digest("hex"));
  });
});

describe("a place that cannot be made", () => {
  // Node's own mkdir -p tries there without end.
  it.each(["/proc/nothing/here", "/sys/nothing/here"])("is refused: %s", async (path) => {
    await expect(tinyTrainer().save(path)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
  });
});
