// The benchmark: one real contest, the smallest there is, and contests of single kernels.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Contestant } from "../../bench/contestant.mjs";
import { exportCases } from "../../bench/gpu/export.mjs";
import { answerOf } from "../../bench/process.mjs";
import { impossible, positive, runBench } from "../helpers/bench.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("a contestant", () => {
  const talk = (program: string) =>
    new Contestant({ program: process.execPath, parameters: ["-e", program], env: process.env });

  it("tells why, when it dies", async () => {
    const contestant = talk('console.error("no memory left"); process.exit(3)');
    await expect(contestant.ask({ steps: 1 })).rejects.toThrow(
      /ended before it answered: no memory left/,
    );
    await contestant.close();
  });
  it("tells the error that it threw, not the version that Node ends with", async () => {
    const contestant = talk('throw new RangeError("no such mode")');
    await expect(contestant.ask({ steps: 1 })).rejects.toThrow(
      /ended before it answered: RangeError: no such mode$/,
    );
    await contestant.close();
  });
  it("is refused where its losses diverged", async () => {
    const turn = { seconds: 1, losses: { discriminator: null, generator: 1 }, peakMb: 1 };
    const contestant =
      talk(`process.stdin.once("data", () => console.log('${JSON.stringify(turn)}'))
      .on("end", () => process.exit(0))`);
    await expect(contestant.run(1)).rejects.toThrow(/diverged.*"discriminator":null/);
    await contestant.close();
  });
});

describe("a measurement in a process of its own", () => {
  it.each([
    ["node", "-e", 'throw new Error("no room")', "Error: no room"],
    ["node", "-e", 'console.error("bad"); process.exit(2)', "bad"],
    ["node", "-e", "process.exit(3)", "it said nothing"],
    ["python3", "-c", 'raise ValueError("no room")', "ValueError: no room"],
  ])("that fails says why: %s %s %j", async (program, flag, text, why) => {
    const asked = answerOf("packing", [program, flag, text]);
    await expect(asked).rejects.toThrow(new Error(`packing failed: ${why}`));
  });
});

const trained = {
  msPerStep: positive,
  rounds: [positive, positive],
  stepsPerTurn: positive,
  peakMb: positive,
  losses: { discriminator: positive, generator: positive },
};

/** Counted by hand, for the step as PyTorch does it. */
function flopsOfToy(): number {
  // Products of all layers for a sample, and of those whose inputs get a gradient: no noise, no reals.
  const [generator, discriminator, inner] = [
    8 * 32 + 32 * 32 + 32,
    32 + 32 * 32 + 32,
    32 * 32 + 32,
  ];
  // The generator: forward, weights, inputs. The discriminator: forward, weights, all inputs.
  const generatorUpdate = 2 * generator + inner + 3 * discriminator;
  const discriminatorUpdate = 2 * (2 * discriminator + inner);
  return 2 * 64 * (generatorUpdate + discriminatorUpdate);
}

describe.skipIf(impossible)("the toy, two rounds", () => {
  it("trains on both sides and writes every figure", async () => {
    const contest = ["--quick", "--case", "toy", "--rounds", "2", "--no-compile"];
    const argv = [...contest, "--svg", "bench.svg"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(/\| toy +\|/);
    expect(result).toMatchObject({
      machine: { cpu: expect.any(String), cores: positive, kernels: expect.any(String) },
      threads: expect.any(Number),
      command: `npm run bench -- ${argv.join(" ")} --json bench.json`,
      gemmGflops: positive,
      extras: {},
    });
    expect(result.versions.torch.split("+")[0]).toBe(result.versions.libtorch);
    expect(Number.isNaN(Date.parse(result.date))).toBe(false);
    const [toy, ...others] = result.cases;
    expect(others).toEqual([]);
    expect(toy).toMatchObject({
      ...{ name: "toy", threads: 1, batch: 64, ratioEager: positive, ratioCompile: positive },
      bestMode: expect.stringMatching(/^eager/),
      modes: [
        { name: "eager", ms: positive },
        { name: "eager + fused Adam", ms: positive },
      ],
      ceiling: { gemmGflops: positive, convolutionGflops: positive },
      contestants: {
        ...{ sparringFused: trained, sparringEager: trained },
        ...{ pytorchEager: trained, pytorchBest: trained },
      },
    });
    expect(toy.flops).toBe(flopsOfToy());
    expect(result.geomean.ratioEager).toBeCloseTo(toy.ratioEager, 12);
    expect(await readFile(join(folder.path, "bench.svg"), "utf8")).toMatch(/^<svg.*toy/s);
  });
});

describe.skipIf(impossible)("kernels", () => {
  it("are timed beside libtorch's, and what they make is near float64's", async () => {
    const argv = ["--only", "kernels", "--quick", "--rounds", "2", "--threads", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    const { extras } = result;
    const { threads, rows } = extras.kernels;
    expect(threads).toBe(1);
    const groups: string[] = rows.map(({ group }: { group: string }) => group);
    expect([...new Set(groups)]).toEqual(
      expect.arrayContaining(["products", "second derivatives"]),
    );
    for (const group of new Set(groups))
      expect([group, groups.filter((one) => one === group).length]).toEqual([group, 2]);
    const [first] = rows;
    expect(first).toMatchObject({ ourMs: positive, theirMs: positive, ratio: positive });
    expect(first.name).toBe("64 rows, 32 to 32: forward");
    expect(first.flops).toBe(2 * 64 * 32 * 32);
    for (const { ourError, theirError, group } of rows) {
      const most = group === "bfloat16" ? 1e-2 : 1e-5;
      expect(Math.max(ourError, theirError)).toBeLessThan(most);
      expect(Math.min(ourError, theirError)).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(/^\| products: 64 rows, 32 to 32: forward +\|.*× \|.*e-\d+ \|$/m);
  });
});

describe("the cases for a machine without Node", () => {
  it("are those of the benchmark: node bench/gpu/export.mjs > bench/gpu/cases.json", async () => {
    const file = new URL("../../bench/gpu/cases.json", import.meta.url);
    const committed = JSON.parse(await readFile(file, "utf8"));
    expect(JSON.parse(JSON.stringify(exportCases()))).toEqual(committed);
  });
});
