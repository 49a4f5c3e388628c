import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Discriminator, Generator, setThreads, threads } from "../lib/index.js";
import { product, type ResolvedLayer } from "../lib/layers/kind.js";
import { layerKinds } from "../lib/layers/table.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../lib/safetensors.js";
import { makeFolder } from "./helpers/folder.js";
import { digest } from "./helpers/networks.js";
import { referee, type Verdict } from "./helpers/referee.js";
import { type Twin, twins } from "./helpers/twins.js";

const seed = 11;
const count = 4;

interface Judgement {
  readonly state: readonly [string, number[]][];
  readonly first: string;
  readonly shape: readonly number[];
  readonly output: string;
  readonly numbers: readonly number[];
}

interface Ours {
  readonly source: string;
  readonly state: readonly [string, number[]][];
  readonly first: string;
  readonly output: Float32Array;
}

/** Numbers that nobody drew, the same everywhere: of -1 to 1. */
function made(length: number, start: number): Float32Array {
  let state = start;
  return Float32Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state >> 15) / 32768 - 1;
  });
}

const bytes = (array: Float32Array | BigInt64Array) => new Uint8Array(array.buffer);

/** Weights as no constructor makes them, so that every one of them counts. */
function disturb(tensor: StoredTensor, position: number): StoredTensor {
  if (tensor.dtype !== "F32" || /_[uv]$/.test(tensor.name)) return tensor;
  const values = new Float32Array(tensor.data.slice().buffer);
  const noise = made(values.length, position + 1);
  const positive = tensor.name.endsWith("running_var");
  values.forEach((value, i) => {
    values[i] = value + 0.3 * (positive ? Math.abs(noise[i] as number) : (noise[i] as number));
  });
  return { ...tensor, data: bytes(values) };
}

const floats = (name: string, shape: number[], start: number): StoredTensor => ({
  name,
  dtype: "F32",
  shape,
  data: bytes(made(product(shape), start)),
});

const labelsOf = (classes: number) =>
  Array.from({ length: count }, (_, i) => (3 * i + 1) % classes);

const labelTensor = (classes: number): StoredTensor => ({
  name: "labels",
  dtype: "I64",
  shape: [count],
  data: bytes(BigInt64Array.from(labelsOf(classes), BigInt)),
});

const valuesOf = (tensor: StoredTensor | undefined) =>
  new Float32Array((tensor?.data ?? new Uint8Array()).slice().buffer);

/** What the twin's forward() gets. */
function inputsOf(network: Generator | Discriminator): StoredTensor[] {
  if (network instanceof Discriminator) {
    const { classes } = network.resolved;
    const image = floats("image", [count, ...network.image], 7);
    return classes > 0 ? [image, labelTensor(classes)] : [image];
  }
  const { noise, classes, codes } = network.latent;
  return [
    floats("noise", [count, noise], 5),
    ...(classes > 0 ? [labelTensor(classes)] : []),
    ...(codes > 0 ? [floats("codes", [count, codes], 6)] : []),
  ];
}

/** The same inputs through our own network. */
async function run(network: Generator | Discriminator): Promise<Float32Array> {
  const inputs = new Map(inputsOf(network).map((tensor) => [tensor.name, tensor]));
  const { classes, input, output } = network.resolved;
  const labels = classes > 0 ? Int32Array.from(labelsOf(classes)) : undefined;
  if (network instanceof Discriminator) {
    // All columns: score() would only show the first.
    const images = valuesOf(inputs.get("image"));
    const made = await network.native.forward(images, [count, ...input], labels);
    expect(made).toHaveLength(count * product(output));
    return made;
  }
  const { noise, codes, classes: all, oneHot } = network.latent;
  const [noises, coded] = [valuesOf(inputs.get("noise")), valuesOf(inputs.get("codes"))];
  const latents = new Float32Array(count * product(input));
  for (let i = 0; i < count; ++i) {
    const hot = all > 0 && oneHot ? new Float32Array(all) : new Float32Array();
    if (hot.length > 0) hot[labelsOf(all)[i] as number] = 1;
    const row = [...noises.slice(i * noise, (i + 1) * noise), ...hot];
    latents.set([...row, ...coded.slice(i * codes, (i + 1) * codes)], i * product(input));
  }
  const options = classes > 0 ? { labels: labelsOf(classes) } : {};
  return (await network.generate(latents, options)).data;
}

const build = (twin: Twin): Generator | Discriminator =>
  "generator" in twin
    ? new Generator(twin.generator, { seed })
    : new Discriminator(twin.discriminator, { seed });

describe("toPyTorch", () => {
  let verdict: Verdict<Record<string, Judgement>>;
  const ours = new Map<string, Ours>();
  let before = 1;

  beforeAll(async () => {
    before = await threads();
    await setThreads(1);
    const folder = await makeFolder();
    const rows: object[] = [];
    for (const [i, twin] of twins.entries()) {
      const network = build(twin);
      const first = await digest(network);
      const [file, path] = [String(i), join(folder.path, `${i}.safetensors`)];
      await network.saveWeights(path);
      const stored = await readSafetensors(path);
      await writeSafetensors(path, stored.map(disturb));
      await network.loadWeights(path);
      const inputs = inputsOf(network);
      await writeSafetensors(join(folder.path, `${i}.inputs.safetensors`), inputs);
      const source = network.toPyTorch();
      const state = stored.map(({ name, shape }): [string, number[]] => [name, shape]);
      ours.set(twin.name, { source, state, first, output: await run(network) });
      const names = inputs.map(({ name }) => name);
      const className = network instanceof Generator ? "Generator" : "Discriminator";
      rows.push({ name: twin.name, class: className, source, file, inputs: names });
    }
    await writeFile(join(folder.path, "twins.json"), JSON.stringify(rows));
    verdict = await referee("pytorch", "torch-module.py", [folder.path, String(seed)]);
    await folder.remove();
  });

  afterAll(() => setThreads(before));

  describe.each(twins.map(({ name }) => name))("of %s", (name) => {
    const both = () => {
      const [mine, theirs] = [ours.get(name), verdict.value[name]];
      if (!mine || !theirs) throw new Error(`Expected both sides of ${name}`);
      return { mine, theirs };
    };

    it("has our keys and shapes, in our order", () => {
      const { mine, theirs } = both();
      expect(theirs.state).toEqual(mine.state);
      expect([...build(twins.find((twin) => twin.name === name) as Twin).resolved.state]).toEqual(
        mine.state.map(([key, shape]) => [key, expect.objectContaining({ shape })]),
      );
    });

    it("draws our first weights, bit for bit", () => {
      const { mine, theirs } = both();
      if (verdict.live) expect(mine.first).toBe(theirs.first);
    });

    it("computes our numbers with our weights, bit for bit", () => {
      const { mine, theirs } = both();
      theirs.numbers.forEach((value, i) => {
        expect(mine.output[i]).toBeCloseTo(value, 5);
      });
      expect(mine.output.every(Number.isFinite)).toBe(true);
      const sha = createHash("sha256").update(bytes(mine.output)).digest("hex");
      if (verdict.live) expect(sha).toBe(theirs.output);
    });

    it("has lines of at most 100 characters, and no word of torch that is not imported", () => {
      const { source } = both().mine;
      for (const line of source.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
      expect(/\bF\./.test(source)).toBe(source.includes("functional as F"));
      expect(/\btorch\./.test(source.replace(/^from.*$/gm, ""))).toBe(
        source.includes("import torch\n"),
      );
    });
  });
});

describe("the twins", () => {
  it("use every layer, with at least two values of every option", () => {
    const seen = new Map<string, Map<string, Set<string>>>();
    const look = (layer: ResolvedLayer) => {
      const options = seen.get(layer.type) ?? new Map<string, Set<string>>();
      seen.set(layer.type, options);
      for (const [option, value] of Object.entries(layer.options))
        options.set(option, (options.get(option) ?? new Set()).add(JSON.stringify(value)));
      layer.layers.forEach(look);
    };
    for (const twin of twins) build(twin).resolved.layers.forEach(look);
    expect([...seen.keys()].sort()).toEqual([...layerKinds.keys()]);
    const once = [...seen].flatMap(([type, options]) =>
      [...options].flatMap(([option, values]) => (values.size > 1 ? [] : [`${type}.${option}`])),
    );
    expect(once).toEqual([]);
  });
});
