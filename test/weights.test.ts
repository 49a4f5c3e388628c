import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { setThreads, threads } from "../lib/index.js";
import { parseSafetensors, readSafetensors, writeSafetensors } from "../lib/safetensors.js";
import { digest, smallPair, withFolder } from "./helpers/networks.js";
import { referee } from "./helpers/referee.js";

/** A safetensors file with the given header text. */
function file(header: string, body = 16, length = Buffer.byteLength(header)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(body)]);
}

const tensor = (fields: object) =>
  file(JSON.stringify({ a: { dtype: "F32", shape: [4], data_offsets: [0, 16], ...fields } }));

describe("safetensors, damaged", () => {
  it.each<[string, Buffer, string]>([
    ["an empty file", Buffer.alloc(0), "it is shorter than 8 bytes"],
    [
      "a header longer than the file",
      file("{}", 0, 2 ** 40),
      "its header would be 1099511627776 bytes, more than the file holds",
    ],
    ["a header that is no JSON", file("{nonsense"), "its header is not a JSON object"],
    ["a header that is an array", file("[]"), "its header is not a JSON object"],
    [
      "an entry that is no object",
      file('{"a": null}'),
      "a has the dtype undefined, not one of F32, F64, I64, U8",
    ],
    [
      "a dtype nobody knows",
      tensor({ dtype: "F8" }),
      "a has the dtype F8, not one of F32, F64, I64, U8",
    ],
    ["a negative shape", tensor({ shape: [-4] }), "a has no sound shape and data_offsets"],
    ["a shape that is no array", tensor({ shape: 4 }), "a has no sound shape and data_offsets"],
    [
      "three offsets",
      tensor({ data_offsets: [0, 8, 16] }),
      "a has no sound shape and data_offsets",
    ],
    ["offsets backwards", tensor({ data_offsets: [16, 0] }), "a lies outside the file"],
    ["offsets past the end", tensor({ data_offsets: [8, 24] }), "a lies outside the file"],
    [
      "bytes that are not the shape's",
      tensor({ shape: [3] }),
      "a has 16 bytes, but its shape [3] of F32 needs 12",
    ],
    [
      "a shape that overflows",
      tensor({ shape: [2 ** 52, 2 ** 52] }),
      "a has 16 bytes, but its shape",
    ],
  ])("is refused: %s", (_, bytes, sentence) => {
    expect(() => parseSafetensors(bytes, "w")).toThrow(
      `Expected a safetensors file for path but received "w": ${sentence}`,
    );
  });

  it("is refused at every length that is cut off", async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "w.safetensors");
      await writeSafetensors(path, [
        { name: "a", dtype: "float32", shape: [2], data: new Uint8Array(8) },
      ]);
      const whole = await readFile(path);
      for (let length = 0; length < whole.length; ++length) {
        expect(() => parseSafetensors(whole.subarray(0, length), "w")).toThrow(
          "Expected a safetensors file",
        );
      }
      expect(parseSafetensors(whole, "w")).toHaveLength(1);
    });
  });
});

describe("loadWeights", () => {
  it("lists everything that is missing, surplus, misshapen or not finite, and changes nothing", async () => {
    await withFolder(async (folder) => {
      const { generator } = smallPair();
      const path = join(folder, "w.safetensors");
      await generator.saveWeights(path);
      const [first, second, third, ...rest] = await readSafetensors(path);
      if (!first || !second || !third) throw new Error("Expected three tensors");
      const infinite = {
        ...third,
        data: new Uint8Array(
          Float32Array.from(third.data.slice(0, third.shape[0]), () => Infinity).buffer,
        ),
      };
      const surplus = { ...first, name: "extra" };
      await writeSafetensors(path, [
        surplus,
        { ...second, shape: [1, ...second.shape] },
        infinite,
        ...rest,
      ]);
      const before = await digest(generator);
      const error = await generator.loadWeights(path).catch((reason) => reason);
      expect(error).toMatchObject({ name: "SparringError", code: "ERR_WEIGHTS" });
      expect(error.message.replace(folder, "")).toBe(
        'Expected the weights of this network for path but received "/w.safetensors": l1.0.weight is missing; ' +
          "l1.0.bias is [1, 512], needs [512]; conv_blocks.0.weight holds values that are not finite; extra is surplus",
      );
      expect(await digest(generator)).toBe(before);
    });
  });

  it("refuses the weights of the other player and a file that is not there", async () => {
    await withFolder(async (folder) => {
      const { generator, discriminator } = smallPair();
      await discriminator.saveWeights(join(folder, "d.safetensors"));
      await expect(generator.loadWeights(join(folder, "d.safetensors"))).rejects.toThrow(
        "l1.0.weight is missing",
      );
      await expect(generator.loadWeights(join(folder, "none"))).rejects.toThrow(
        "(no such file or folder)",
      );
    });
  });

  it("brings back the samples of the network that was saved", async () => {
    await withFolder(async (folder) => {
      const { generator } = smallPair({ seed: 1 });
      const { generator: other } = smallPair({ seed: 2 });
      await generator.saveWeights(join(folder, "g.safetensors"));
      await other.loadWeights(join(folder, "g.safetensors"));
      expect(await digest(other)).toBe(await digest(generator));
      expect((await other.sample(2, { seed: 0 })).data).toEqual(
        (await generator.sample(2, { seed: 0 })).data,
      );
    });
  });

  it("and saveWeights agree with Python: strict loading, equal outputs, and the way back", async () => {
    const before = await threads();
    await setThreads(1);
    await withFolder(async (folder) => {
      const { generator } = smallPair({ seed: 3 });
      const [path, doubled] = [join(folder, "g.safetensors"), join(folder, "doubled.safetensors")];
      await generator.saveWeights(path);
      const theirs = await referee<{ keys: string[]; output: number[] }>("weights", "weights.py", [
        path,
        doubled,
      ]);
      const ours = await generator.generate(Float32Array.from({ length: 10 }, (_, i) => i / 10));
      expect((await readSafetensors(path)).map((tensor) => tensor.name).sort()).toEqual(
        theirs.value.keys,
      );
      if (!theirs.live) {
        ours.data.forEach((value, i) => {
          expect(value).toBeCloseTo(theirs.value.output[i] as number, 5);
        });
        return;
      }
      expect([...ours.data]).toEqual(theirs.value.output);
      await generator.loadWeights(doubled);
      const [weight] = await readSafetensors(path);
      const [twice] = (await readSafetensors(doubled)).filter(
        (tensor) => tensor.name === weight?.name,
      );
      const floats = (data?: Uint8Array) =>
        new Float32Array((data ?? new Uint8Array()).slice().buffer);
      expect([...floats(twice?.data)]).toEqual([...floats(weight?.data)].map((value) => value * 2));
      expect((await generator.generate(new Float32Array(5))).data).not.toEqual(
        ours.data.slice(0, 64),
      );
    });
    await setThreads(before);
  });
});
