import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Discriminator, Generator, layers as l, setThreads, threads } from "../lib/index.js";
import type { TensorSpec } from "../lib/layers/state.js";
import {
  type Dtype,
  parseSafetensors,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../lib/safetensors.js";
import { fitState } from "../lib/weights.js";
import { digest, smallPair, withFolder } from "./helpers/networks.js";
import { needsLive, referee } from "./helpers/referee.js";

/** What a network of one weight has, once it has loaded that. */
async function loaded({ shape: [width = 0], ...weight }: StoredTensor): Promise<number[]> {
  const layers = [l.linear(1, { bias: false })];
  using network = new Discriminator({ image: [width], layers });
  await network.loadTensors([{ ...weight, name: "0.weight", shape: [1, width] }], "w");
  const [tensor] = parseSafetensors(await network.toSafetensors(), "w");
  return [...new Float32Array((tensor as StoredTensor).data.slice().buffer)];
}

/** The counter that a network of one float32 weight and one counter is given for tensors. */
async function counted(weight: StoredTensor, counter?: Partial<StoredTensor>) {
  const zero: StoredTensor = { name: "n", dtype: "I64", shape: [], data: new Uint8Array(8) };
  const state = new Map<string, TensorSpec>([
    ["w", { shape: weight.shape, dtype: "float32", trained: true }],
    ["n", { shape: [], dtype: "int64", trained: false }],
  ]);
  const [, counts] = await fitState([weight, { ...zero, ...counter }], state, "w");
  return new BigInt64Array((counts?.data ?? new Uint8Array(8)).slice().buffer)[0];
}

/** A tensor of such a dtype, at an odd place in memory. */
function stored(dtype: Dtype, values: ArrayBufferView, length: number): StoredTensor {
  const bytes = new Uint8Array(values.byteLength + 1).subarray(1);
  bytes.set(new Uint8Array(values.buffer as ArrayBuffer));
  return { name: "w", dtype, shape: [length], data: bytes };
}

it("weights go to native code in the memory of their file, and only that looks at their values", async () => {
  const state = new Map<string, TensorSpec>([
    ["w", { shape: [2], dtype: "float32", trained: true }],
  ]);
  const file = new Uint8Array(40).fill(0xff); // each number is NaN
  const read = async (dtype: Dtype, start: number, length: number) => {
    const data = file.subarray(start, start + length);
    const tensors = [{ name: "w", dtype, shape: [2], data }];
    const [tensor] = await fitState(tensors, state, "w", async () => []);
    expect(tensor?.data.buffer).toBe(file.buffer);
    await expect(fitState(tensors, state, "w", async () => [0])).rejects.toThrow("not finite");
    await expect(fitState(tensors, state, "w")).rejects.toThrow(
      "w holds values that are not finite",
    );
  };
  await read("F32", 4, 8);
  await read("F32", 5, 8);
  await read("F64", 8, 16);
  await read("BF16", 4, 4);
});

it.each(["F64", "F16", "BF16"])("a large tensor of %s takes no heap", async (dtype) => {
  const program = `
    import { fitState } from ${JSON.stringify(new URL("../dist/weights.js", import.meta.url))};
    const [count, bytes] = [2 ** 24, ${dtype === "F64" ? 8 : 2}];
    const data = new Uint8Array(count * bytes);
    const state = new Map([["w", { shape: [count], dtype: "float32", trained: true }]]);
    const [{ data: made }] = await fitState([{ name: "w", dtype: "${dtype}", shape: [count], data }], state, "w");
    console.log(made.byteLength);`;
  const flags = ["--max-old-space-size=64", "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  expect(stdout).toBe(`${(dtype === "F64" ? 8 : 2) * 2 ** 24}\n`);
});

describe("a tensor of another dtype", () => {
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff);
  const one = stored("F32", Float32Array.of(1), 1);

  it.each<[string, StoredTensor, number[]]>([
    ["F16", stored("F16", halves, 6), [1, -2, 0.333251953125, 2 ** -24, -0, 65504]],
    ["BF16", stored("BF16", Uint16Array.of(0x3f80, 0xc0a0), 2), [1, -5]],
    ["F64", stored("F64", Float64Array.of(0.1, -1e-50), 2), [Math.fround(0.1), -0]],
    ["F32", stored("F32", Float32Array.of(1.5), 1), [1.5]],
  ])("becomes a weight: %s", async (_, tensor, values) => {
    expect(await loaded(tensor)).toEqual(values);
  });

  it.each<[Dtype, ArrayBufferView]>([
    ["I32", Int32Array.of(-7)],
    ["I16", Int16Array.of(-7)],
    ["I8", Int8Array.of(-7)],
    ["F32", Float32Array.of(-7)],
    ["F64", Float64Array.of(-7)],
    ["BF16", Uint16Array.of(0xc0e0)],
  ])("becomes a counter: %s", async (dtype, values) => {
    expect(await counted(one, { dtype, data: stored(dtype, values, 1).data })).toBe(-7n);
  });

  it.each<[Dtype, ArrayBufferView]>([
    ["U64", BigUint64Array.of(7n)],
    ["U32", Uint32Array.of(7)],
    ["U16", Uint16Array.of(7)],
    ["U8", Uint8Array.of(7)],
    ["F16", Uint16Array.of(0x4700)],
  ])("becomes a counter: %s", async (dtype, values) => {
    expect(await counted(one, { dtype, data: stored(dtype, values, 1).data })).toBe(7n);
  });

  // The sign, five bits of exponent, ten of fraction; what torch.float16 says of each.
  it.each([
    [0x0000, 0n],
    [0x8000, 0n],
    [0x3c00, 1n],
    [0x6bff, 4094n],
    [0x7bff, 65504n],
    [0xfbff, -65504n],
  ])("becomes a counter: F16 of the bits %i", async (bits, count) => {
    const { data } = stored("F16", Uint16Array.of(bits), 1);
    expect(await counted(one, { dtype: "F16", data })).toBe(count);
  });

  it.each([
    ["an infinite half as a count", 0x7c00, "Infinity"],
    ["a half that is no number as a count", 0x7c01, "NaN"],
    ["the least half as a count", 0x0001, "5.960464477539063e-8"],
    ["the least half with a full exponent as a count", 0x0400, "0.00006103515625"],
  ])("is refused: %s", async (_, bits, value) => {
    const { data } = stored("F16", Uint16Array.of(bits), 1);
    await expect(counted(one, { dtype: "F16", data })).rejects.toThrow(
      `n holds ${value}, needs whole numbers that I64 can hold`,
    );
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      "a whole number as a weight",
      () => counted(stored("I8", Int8Array.of(1), 1)),
      "w is I8, needs F64, F32, F16 or BF16",
    ],
    [
      "an infinite half",
      () => counted(stored("F16", Uint16Array.of(0x7c00), 1)),
      "w holds values that are not finite",
    ],
    [
      "a bfloat that is no number",
      () => counted(stored("BF16", Uint16Array.of(0x7fc1), 1)),
      "w holds values that are not finite",
    ],
    [
      "a double that no float holds",
      () => counted(stored("F64", Float64Array.of(1e39), 1)),
      "w holds values that are not finite as F32",
    ],
    [
      "half a batch",
      () => counted(one, { dtype: "F32", data: new Uint8Array(Float32Array.of(0.5).buffer) }),
      "n holds 0.5, needs whole numbers that I64 can hold",
    ],
    [
      "a count beyond I64",
      () => counted(one, { dtype: "U64", data: new Uint8Array(8).fill(255) }),
      "n holds 18446744073709551615, needs whole numbers that I64 can hold",
    ],
    [
      "the first count beyond I64",
      () =>
        counted(one, { dtype: "U64", data: new Uint8Array(BigUint64Array.of(2n ** 63n).buffer) }),
      "n holds 9223372036854775808, needs whole numbers that I64 can hold",
    ],
    [
      "a truth as a count",
      () => counted(one, { dtype: "BOOL", data: new Uint8Array(1) }),
      "n is BOOL, needs whole numbers",
    ],
  ])("is refused: %s", async (_, call, problem) => {
    await expect(call()).rejects.toThrow(
      `Expected the weights of this network for path but received "w": ${problem}`,
    );
  });
});

describe("loadWeights", () => {
  it("lists as many as a line holds, and counts the others", async () => {
    const problems = async (count: number) => {
      const tensors = Array.from({ length: count }, (_, i) => ({
        ...{ name: `s${i}`, dtype: "F32" as const, shape: [1], data: new Uint8Array(4) },
      }));
      const { message } = await fitState(tensors, new Map(), "w").catch((error) => error);
      return message.replace(/^.*"w": /, "");
    };
    const listed = (count: number) =>
      Array.from({ length: count }, (_, i) => `s${i} is surplus`).join("; ");
    expect(await problems(20)).toBe(listed(20));
    expect(await problems(23)).toBe(`${listed(20)}; and 3 more`);
  });

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

  it("names the cure for names of DataParallel and of the old spectral_norm", async () => {
    const layers = [l.flatten(), l.spectralNorm(l.linear(1))];
    const network = new Discriminator({ image: [1, 2, 2], layers });
    const tensors = parseSafetensors(await network.toSafetensors(), "w");
    const refused = (rename: (name: string) => string) => {
      const renamed = tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
      return network.loadTensors(renamed, "w").catch(({ message }) => message);
    };
    const parallel =
      "names that begin with module. are those of DataParallel, which saves by model.module.state_dict() without it";
    const old =
      "weight_orig, weight_u and weight_v are names of the old torch.nn.utils.spectral_norm: rename them parametrizations.weight.original, parametrizations.weight.0._u and parametrizations.weight.0._v";
    const oldName = (name: string) =>
      name
        .replace("parametrizations.weight.original", "weight_orig")
        .replace("parametrizations.weight.0._", "weight_");
    expect(await refused((name) => `module.${name}`)).toMatch(
      new RegExp(`; module\\.1\\.bias is surplus; .*; ${parallel.replace(/[().]/g, "\\$&")}$`),
    );
    expect(await refused(oldName)).toContain(`1.weight_v is surplus; ${old}`);
    expect(await refused((name) => `module.${oldName(name)}`)).toContain(`; ${parallel}; ${old}`);
    expect(await refused((name) => `other.${name}`)).toMatch(/is surplus$/);
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

  it("takes the file's bytes, which toSafetensors() gives", async () => {
    const [{ generator: from }, { generator: to }] = [
      smallPair({ seed: 1 }),
      smallPair({ seed: 2 }),
    ];
    const bytes = await from.toSafetensors();
    await withFolder(async (folder) => {
      await from.saveWeights(join(folder, "g.safetensors"));
      expect(Buffer.from(bytes).equals(await readFile(join(folder, "g.safetensors")))).toBe(true);
    });
    expect(await digest(to)).not.toBe(await digest(from));
    const loading = to.loadWeights(bytes);
    bytes.fill(0); // what was given is what counts
    await loading;
    expect(await digest(to)).toBe(await digest(from));
  });

  it("toSafetensors() of a small network can be transferred to a thread, and takes nothing along", async () => {
    const layers = [l.linear(4), l.unflatten([1, 2, 2])];
    const generator = new Generator({ latent: { noise: 1 }, layers });
    const bytes = await generator.toSafetensors();
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    const before = Uint8Array.from(bytes);
    const moved = structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
    expect(bytes.byteLength).toBe(0);
    expect(moved).toEqual(before);
  });

  it("and saveWeights agree with Python: strict loading, equal outputs, and the way back", async ({
    skip,
    onTestFinished,
  }) => {
    const before = await threads();
    onTestFinished(() => setThreads(before));
    await setThreads(1);
    await withFolder(async (folder) => {
      const { generator } = smallPair({ seed: 3 });
      const [path, doubled] = [join(folder, "g.safetensors"), join(folder, "doubled.safetensors")];
      await generator.saveWeights(path);
      const theirs = await referee<{ keys: string[]; output: number[]; cast: string }>(
        "weights",
        "weights.py",
        [path, folder],
      );
      const ours = await generator.generate(Float32Array.from({ length: 10 }, (_, i) => i / 10));
      expect((await readSafetensors(path)).map((tensor) => tensor.name).sort()).toEqual(
        theirs.value.keys,
      );
      ours.data.forEach((value, i) => {
        expect(value).toBeCloseTo(theirs.value.output[i] as number, 5);
      });
      needsLive(theirs, skip);
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
      await generator.loadWeights(join(folder, "cast.safetensors"));
      expect(await digest(generator)).toBe(theirs.value.cast);
      const refused = await generator.loadWeights(join(folder, "wrong.safetensors")).catch(String);
      expect(String(refused).split(/: |; /).slice(2)).toEqual([
        "l1.0.weight is F8_E4M3, needs F64, F32, F16 or BF16",
        "l1.0.bias is I64, needs F64, F32, F16 or BF16",
        "conv_blocks.0.weight holds values that are not finite as F32",
        "conv_blocks.0.bias is C64, needs F64, F32, F16 or BF16",
        "conv_blocks.0.num_batches_tracked is BOOL, needs whole numbers",
        "conv_blocks.3.num_batches_tracked holds 0.5, needs whole numbers that I64 can hold",
      ]);
    });
  });
});
