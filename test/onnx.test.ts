import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession, Tensor } from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveDiscriminator, resolveGenerator } from "../lib/architecture.js";
import { Generator, type GeneratorArchitecture, type Layer, layers as l } from "../lib/index.js";
import { layerKinds } from "../lib/layers/table.js";
import { checkOnnxSize, generatorModel } from "../lib/onnx/generator.js";
import { ModelProtoSchema } from "../lib/onnx/schema/onnx_pb.js";
import { presetNames, presets } from "../lib/presets.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../lib/safetensors.js";
import { product } from "../lib/shape.js";
import { largestDifference } from "./helpers/apart.js";
import { makeFolder } from "./helpers/folder.js";
import { bytesOf, disturb, inputsOf, runOn, valuesOf } from "./helpers/inputs.js";
import { optionsSeen } from "./helpers/options-seen.js";
import { needsLive, referee, type Verdict } from "./helpers/referee.js";
import { tinyGenerator } from "./helpers/training.js";
import { twins } from "./helpers/twins.js";

const counts = [3, 8];
const tolerance = 1e-5;

const onImages = (channels: number, ...layers: Layer[]): Layer[] => [
  l.linear(channels * 16),
  l.unflatten([channels, 4, 4]),
  ...layers,
];

/** What only discriminators have among the twins, and what the writers of ONNX take two ways for. */
const others: Record<string, GeneratorArchitecture> = {
  "spectral normalisation": {
    latent: { noise: 5 },
    layers: [
      l.spectralNorm(l.linear(6 * 16), { nPowerIterations: 2 }),
      l.unflatten([6, 4, 4]),
      l.spectralNorm(l.conv2d(8, 3, { padding: 1, groups: 2 }), { eps: 1e-6 }),
      l.relu(),
      l.spectralNorm(l.convTranspose2d(6, [4, 2], { stride: 2, groups: 2, bias: false })),
      l.residual([l.spectralNorm(l.conv2d(6, 1))], [l.sequential("way", [l.tanh()])]),
    ],
  },
  "statistics of the batch": {
    latent: { noise: 5 },
    layers: onImages(
      4,
      l.batchNorm2d({ trackRunningStats: false }),
      l.minibatchStdDev(),
      l.minibatchStdDev({ groupSize: 2 }),
      l.minibatchStdDev({ groupSize: 2 ** 40 }),
      l.batchNorm2d({ affine: false }),
      l.flatten(),
      l.batchNorm1d({ trackRunningStats: false, eps: 0.3 }),
      l.linear(7),
      l.minibatchDiscrimination(5, { kernelDims: 3 }),
      l.minibatchDiscrimination(2, { kernelDims: 1 }),
      l.dropout(0.4),
    ),
  },
  "reconstruction errors": {
    latent: { noise: 5 },
    layers: onImages(
      3,
      l.reconstructionError([l.conv2d(4, 3), l.tanh(), l.convTranspose2d(3, 3)]),
      l.linear(6),
      l.reconstructionError([l.linear(6)], { loss: "l1" }),
    ),
  },
  "outputs longer by more than a stride": {
    latent: { noise: 5 },
    layers: onImages(
      4,
      l.convTranspose2d(3, 3, { dilation: [2, 4], outputPadding: [1, 3], stride: [1, 2] }),
      l.tanh(),
      l.convTranspose2d(2, [1, 4], { dilation: [3, 1], outputPadding: [2, 0], bias: false }),
    ),
  },
  "nothing to do": { latent: { noise: 3 }, layers: [l.dropout(0.3)] },
  "conditional batch normalisation": {
    latent: { noise: 4, classes: 3, codes: 2, labels: "embedded" },
    layers: onImages(
      6,
      l.batchNorm2d({ affine: false }),
      l.embedding(6, { combine: "multiply" }),
      l.layerNorm({ normalizedShape: [4], elementwiseAffine: false }),
      l.groupNorm(2),
      l.selfAttention2d({ reduction: 3 }),
      l.conv2d(1, 3, { padding: 1 }),
      l.tanh(),
    ),
  },
};

const architectures: Record<string, GeneratorArchitecture> = {
  ...Object.fromEntries(
    presetNames.map((name) => {
      const { pair, size } = presets[name];
      return [`preset ${name}`, pair({ image: [1, size.default, size.default] }).generator];
    }),
  ),
  ...Object.fromEntries(
    twins.flatMap((twin) => ("generator" in twin ? [[twin.name, twin.generator]] : [])),
  ),
  ...others,
};
const names = Object.keys(architectures);

interface Judgement {
  readonly inputs: readonly [string, string, (string | number)[]][];
  readonly outputs: readonly [string, string, (string | number)[]][];
  readonly metadata: Readonly<Record<string, string>>;
  /** The largest for each count. */
  readonly differences: readonly number[];
  /** The first of the last count. */
  readonly numbers: readonly number[];
}

/** A generator whose every weight and running statistic is off its first value. */
async function disturbed(architecture: GeneratorArchitecture, path: string): Promise<Generator> {
  const generator = new Generator(architecture, { seed: 3 });
  await generator.saveWeights(path);
  const stored = await readSafetensors(path);
  // Wide layers would saturate with weights of 0.3, and say nothing, or swing from one end to the other.
  const amount = generator.parameterCount > 100_000 ? 0.02 : 0.3;
  await writeSafetensors(
    path,
    stored.map((tensor, i) => disturb(tensor, i, amount)),
  );
  await generator.loadWeights(path);
  return generator;
}

/** What the runtime of browsers makes of the model. */
async function runInWasm(model: Uint8Array, inputs: readonly StoredTensor[]): Promise<Tensor> {
  const session = await InferenceSession.create(model);
  const feeds = inputs.map((tensor): [string, Tensor] => {
    const { name, dtype, shape, data } = tensor;
    return dtype === "I64"
      ? [name, new Tensor("int64", new BigInt64Array(data.slice().buffer), shape)]
      : [name, new Tensor("float32", valuesOf(tensor), shape)];
  });
  const { images } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return images as Tensor;
}

describe("toOnnx and saveOnnx refuse", () => {
  const generator = tinyGenerator();

  it.each([16, 27, 17.5])("opset %s, and say which there are", async (opset) => {
    const sentence = `Expected a whole number from 17 to 26 for opset but received ${opset}`;
    await expect(generator.toOnnx({ opset })).rejects.toThrow(new RangeError(sentence));
  });

  it("an opset that is no number, and options that are not there", async () => {
    await expect(generator.toOnnx({ opset: "17" as never })).rejects.toThrow(
      new TypeError('Expected a whole number from 17 to 26 for opset but received "17"'),
    );
    await expect(generator.saveOnnx("g.onnx", { version: 17 } as never)).rejects.toThrow(
      new TypeError('Expected only the options opset for options but received "version"'),
    );
    await expect(generator.saveOnnx("")).rejects.toThrow(
      'Expected a non-empty string for path but received ""',
    );
  });

  it("a path that cannot be written", async () => {
    await expect(generator.saveOnnx("/dev/null/g.onnx")).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message:
        'Expected a writable file for path but received "/dev/null/g.onnx" (a part of the path is not a folder)',
    });
  });

  it("a generator that was disposed", async () => {
    const gone = tinyGenerator();
    gone.dispose();
    await expect(gone.toOnnx()).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("a layer without an ONNX form, by its name", () => {
    const judge = resolveDiscriminator({
      image: [8],
      layers: [l.sequential("model", [l.tanh()]), l.heads({ score: [l.linear(1)] })],
    });
    const latent = { noise: 8, classes: 0, codes: 0, oneHot: true, uniform: false };
    expect(() => generatorModel(judge, latent, [], 17)).toThrow(
      "Expected layers that ONNX can express for the generator but received 1 (heads)",
    );
  });

  it("weights that one file cannot hold", () => {
    const large = resolveGenerator({ latent: { noise: 2 ** 15 }, layers: [l.linear(2 ** 14)] });
    expect(() => checkOnnxSize(large)).toThrow(
      "Expected weights of at most 2 GiB (what an ONNX file can hold) for the generator but received 2147549184 bytes",
    );
    const fits = resolveGenerator({ latent: { noise: 2 ** 15 }, layers: [l.linear(2 ** 14 - 16)] });
    expect(() => checkOnnxSize(fits)).not.toThrow();
  });
});

describe("saveOnnx", () => {
  let verdict: Verdict<Record<string, Judgement>>;
  const generators = new Map<string, Generator>();
  const models = new Map<string, Uint8Array>();
  const folder = makeFolder();

  beforeAll(async () => {
    const { path } = await folder;
    const rows: object[] = [];
    for (const [i, name] of names.entries()) {
      const file = join(path, String(i));
      const architecture = architectures[name] as GeneratorArchitecture;
      const generator = await disturbed(architecture, `${file}.safetensors`);
      generators.set(name, generator);
      await generator.saveOnnx(`${file}.onnx`);
      models.set(name, await readFile(`${file}.onnx`));
      for (const count of counts) {
        const data = bytesOf(await runOn(generator, count));
        const shape = [count, ...generator.image];
        await writeSafetensors(`${file}.${count}.safetensors`, [
          ...inputsOf(generator, count),
          { name: "expected", dtype: "F32", shape, data },
        ]);
      }
      rows.push({ name, file: String(i), counts });
    }
    await writeFile(join(path, "models.json"), JSON.stringify(rows));
    verdict = await referee("onnx", "onnx-model.py", [path]);
  });

  afterAll(async () => (await folder).remove());

  describe.each(names)("of %s", (name) => {
    const generator = () => generators.get(name) as Generator;
    const theirs = () => verdict.value[name] as Judgement;

    it("passes the checker and computes our numbers in onnxruntime, at both batch sizes", async ({
      skip,
    }) => {
      const ours = await runOn(generator(), counts.at(-1) as number);
      expect(ours.every(Number.isFinite)).toBe(true);
      const { numbers } = theirs();
      const first = ours.slice(0, numbers.length);
      expect(largestDifference(first, numbers)).toBeLessThanOrEqual(tolerance);
      needsLive(verdict, skip);
      expect(theirs().differences).toHaveLength(counts.length);
      for (const one of theirs().differences) expect(one).toBeLessThanOrEqual(tolerance);
    });

    it.each(counts)(
      "computes our numbers in the runtime of browsers, %d samples",
      async (count) => {
        const inputs = inputsOf(generator(), count);
        const images = await runInWasm(models.get(name) as Uint8Array, inputs);
        expect(images.dims).toEqual([count, ...generator().image]);
        const ours = await runOn(generator(), count);
        expect(largestDifference(images.data as Float32Array, ours)).toBeLessThanOrEqual(tolerance);
      },
    );

    it("has the inputs that the latent has, with a batch of any size", () => {
      const { noise, classes = 0, codes = 0 } = generator().architecture.latent;
      expect(theirs().inputs).toEqual([
        ["noise", "tensor(float)", ["N", noise]],
        ...(classes > 0 ? [["labels", "tensor(int64)", ["N"]]] : []),
        ...(codes > 0 ? [["codes", "tensor(float)", ["N", codes]]] : []),
      ]);
      expect(theirs().outputs).toEqual([["images", "tensor(float)", ["N", ...generator().image]]]);
    });

    it("says what to draw, and which numbers are black and white", () => {
      const { latent } = generator().architecture;
      const { noise, distribution = "normal", classes = 0, codes = 0 } = latent;
      expect(theirs().metadata).toEqual({
        "sparring.latent": JSON.stringify({ noise, distribution, classes, codes }),
        "sparring.range": JSON.stringify(generator().range),
      });
    });
  });

  it.each(Array.from({ length: 10 }, (_, i) => 17 + i))("writes opset %d", async (opset) => {
    for (const name of names.filter((name) => !name.startsWith("preset"))) {
      const generator = generators.get(name) as Generator;
      const model = await generator.toOnnx({ opset });
      const { opsetImport } = fromBinary(ModelProtoSchema, model);
      expect(opsetImport).toMatchObject([{ domain: "", version: BigInt(opset) }]);
      const images = await runInWasm(model, inputsOf(generator, 4));
      const ours = await runOn(generator, 4);
      expect(largestDifference(images.data as Float32Array, ours)).toBeLessThanOrEqual(tolerance);
    }
  });

  it("names what a layer adds after that layer, also where it comes after others inside it", async () => {
    const block = l.residual([l.linear(4), l.relu()], [l.linear(4)], { name: "block" });
    const network = new Generator({ latent: { noise: 4 }, layers: [block, l.tanh()] }, { seed: 0 });
    const { graph } = fromBinary(ModelProtoSchema, await network.toOnnx());
    expect(graph?.node.map(({ output }) => output[0])).toEqual([
      ...["block.main.0/Gemm", "block.main.1/Relu", "block.skip.0/Gemm", "block/Add"],
      ...["1/Tanh", "images"],
    ]);
  });

  it("writes the same bytes for the same weights, and no weight twice", async () => {
    const generator = generators.get("preset article") as Generator;
    expect(
      Buffer.from(await generator.toOnnx()).equals(models.get("preset article") as Buffer),
    ).toBe(true);
    const weights = [...generator.resolved.state.values()].reduce(
      (total, { shape, dtype }) => total + (dtype === "float32" ? 4 * product(shape) : 0),
      0,
    );
    const size = models.get("preset article")?.byteLength ?? 0;
    expect(size).toBeGreaterThan(weights);
    expect(size).toBeLessThan(weights + 10_000);
  });
});

describe("the exported generators", () => {
  it("have every layer that a generator can have, with at least two values of every option", () => {
    const { types, once } = optionsSeen(
      Object.values(architectures).flatMap((one) => resolveGenerator(one).layers),
    );
    const discriminatorsOnly = ["heads", "projection"];
    const all = [...layerKinds.keys()].filter((type) => !discriminatorsOnly.includes(type));
    expect(types).toEqual(all);
    expect(once).toEqual([]);
  });
});
