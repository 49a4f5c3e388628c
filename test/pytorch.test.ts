import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Discriminator, Generator, layers as l, setThreads, threads } from "../lib/index.js";
import { layerKinds } from "../lib/layers/table.js";
import { readSafetensors, writeSafetensors } from "../lib/safetensors.js";
import { product } from "../lib/shape.js";
import { largestDifference } from "./helpers/apart.js";
import { makeFolder } from "./helpers/folder.js";
import { bytesOf, disturb, inputsOf, runOn } from "./helpers/inputs.js";
import { digest } from "./helpers/networks.js";
import { optionsSeen } from "./helpers/options-seen.js";
import { needsLive, referee, type Verdict } from "./helpers/referee.js";
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
      await writeSafetensors(
        path,
        stored.map((tensor, i) => disturb(tensor, i)),
      );
      await network.loadWeights(path);
      const inputs = inputsOf(network, count);
      await writeSafetensors(join(folder.path, `${i}.inputs.safetensors`), inputs);
      const source = network.toPyTorch();
      const state = stored.map(({ name, shape }): [string, number[]] => [name, shape]);
      ours.set(twin.name, { source, state, first, output: await runOn(network, count) });
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

    it("draws our first weights, bit for bit", ({ skip }) => {
      needsLive(verdict, skip);
      const { mine, theirs } = both();
      expect(mine.first).toBe(theirs.first);
    });

    it("computes our numbers with our weights, bit for bit", ({ skip }) => {
      const { mine, theirs } = both();
      const first = mine.output.slice(0, theirs.numbers.length);
      expect(largestDifference(first, theirs.numbers)).toBeLessThan(5e-6);
      expect(mine.output.every(Number.isFinite)).toBe(true);
      expect(mine.output).toHaveLength(product(theirs.shape));
      needsLive(verdict, skip);
      const sha = createHash("sha256").update(bytesOf(mine.output)).digest("hex");
      expect(sha).toBe(theirs.output);
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

describe("the docstring of a long forward()", () => {
  it("goes on in a second line", () => {
    const source = new Discriminator({
      image: [1, 8, 6],
      classes: 3,
      layers: [
        l.flatten(),
        l.embedding(2),
        l.heads({ score: [l.linear(1)], classes: [l.linear(3)], codes: [l.linear(2)] }),
      ],
    }).toPyTorch();
    const [first, second] = [
      `    """image [N, 1, 8, 6], labels [N] (int64, 0 to 2)`,
      `    -> [N, 6] (score, logits of 3 classes, 2 codes)"""`,
    ];
    expect(source).toContain(`${first}\n${second}\n`);
  });
});

describe("names that are not Python's", () => {
  const source = () =>
    new Discriminator({
      image: [4],
      layers: [
        l.linear(4, { name: "__x" }),
        l.leakyRelu(0.1),
        l.linear(4, { name: "leaky_relu_1" }),
        l.linear(1, { name: "class" }),
      ],
    }).toPyTorch();

  it("are added by add_module(), and asked for by get_submodule(): keywords, and what Python would mangle", () => {
    for (const name of ["__x", "class"]) {
      expect(source()).toContain(`self.add_module("${name}", `);
      expect(source()).toContain(`self.get_submodule("${name}")(`);
      expect(source()).not.toContain(`self.${name} `);
    }
  });

  it("are nobody else's: a layer without one gets a name that is free", () => {
    expect(source().match(/self\.leaky_relu_1 = /g)).toHaveLength(1);
    expect(source()).toContain("self.leaky_relu_1_ = nn.LeakyReLU(");
  });
});

describe("the twins", () => {
  it("use every layer, with at least two values of every option", () => {
    const { types, once } = optionsSeen(twins.flatMap((twin) => build(twin).resolved.layers));
    expect(types).toEqual([...layerKinds.keys()]);
    expect(once).toEqual([]);
  });
});
