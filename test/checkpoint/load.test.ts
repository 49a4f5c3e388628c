// Checkpoints that are refused: damaged, forged, or none.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checksumOf, sha256 } from "../../lib/checkpoint/format.js";
import { Trainer } from "../../lib/index.js";
import { formatSafetensors, parseSafetensors, type StoredTensor } from "../../lib/safetensors.js";
import { freshPaths, saveGood } from "../helpers/checkpoints.js";
import { labelledImages, losses, tinyTrainer } from "../helpers/training.js";

const fresh = await freshPaths();
const good = await saveGood(fresh());

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
      "a version that there never was",
      () => forged((manifest) => ({ ...manifest, version: 0 })),
      "its format is version 0; this Sparring reads 1 to 1",
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

  it("the folder of a run, or of its checkpoints, which have the newest in them", async () => {
    const run = fresh();
    for (const step of ["000009", "1000000", "000100"])
      await cp(good, `${run}/checkpoints/${step}`, { recursive: true });
    const newest = JSON.stringify(`${run}/checkpoints/1000000`);
    for (const path of [run, `${run}/checkpoints`])
      await expect(Trainer.load(path)).rejects.toMatchObject(
        refusal(path, `the newest checkpoint in it is ${newest}`),
      );
  });

  const facts = { bytes: 9, sha256: "" };
  it.each<[string, unknown]>([
    ...[-1, 1.5, "3", null].map((step): [string, unknown] => ["step", step]),
    ["device", 0],
    ["threads", "2"],
    ["generator", null],
    ["discriminator", []],
    ["trainer", "adam"],
    ["counts", { step: "3" }],
    ["parameterUpdates", { generator: [1, -1] }],
    ["parameterUpdates", { generator: 1 }],
    ...["0x00", "0", 7].map((data): [string, unknown] => ["data", data]),
    ["files", []],
    ["files", { "generator.safetensors": null }],
    ["files", { "generator.safetensors": { ...facts, bytes: "9" } }],
    ["files", { "generator.safetensors": { ...facts, sha256: 0 } }],
  ])("a manifest whose %s is %j, by somebody who knows the checksum", async (key, value) => {
    const path = await forged((manifest) => ({ ...manifest, [key]: value }));
    const why = "checkpoint.json lacks something that a checkpoint has";
    await expect(Trainer.load(path)).rejects.toMatchObject(refusal(path, why));
  });

  it("a checkpoint without an optimizer's state, which somebody forged", async () => {
    const path = await forged((manifest) => {
      const { "training.safetensors": gone, ...files } = manifest.files as Record<string, object>;
      return { ...manifest, files };
    });
    await expect(Trainer.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: expect.stringMatching(
        /^Expected a value for \S+ in the checkpoint but received none$/,
      ),
    });
  });

  it("a checkpoint of Adam that says it is AMSGrad's, which somebody forged", async () => {
    const path = await forged((manifest) => {
      const trainer = manifest.trainer as { optimizer: Record<string, object> };
      const generator = { ...trainer.optimizer.generator, amsgrad: true };
      const optimizer = { ...trainer.optimizer, generator };
      return { ...manifest, trainer: { ...trainer, optimizer } };
    });
    await expect(Trainer.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: expect.stringMatching(
        /^Expected a value for optimizer\.generator\.max_exp_avg_sq\.\S+ in the checkpoint but received none$/,
      ),
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
      "Expected the state of a generator of random numbers for random in the checkpoint but received other bytes",
    ],
    [
      "an order that has an image twice",
      "sampler.permutation",
      (bytes) => bytes.setBigInt64(0, bytes.getBigInt64(8, true), true),
      "Expected an order of images for sampler.permutation in the checkpoint but received other numbers",
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
      message:
        "Expected an order of 32 images for sampler.permutation in the checkpoint but received one of 30",
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
      message: expect.stringMatching(
        /^Expected at most \d+ steps for reported in the checkpoint but received 1000$/,
      ),
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
      'Expected no option of run(), as steps is, for options but received "steps"',
    );
    await expect(Trainer.load(good, { device: "cuda:7" })).rejects.toMatchObject({
      code: "ERR_DEVICE",
    });
  });
});
