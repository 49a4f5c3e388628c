// What the benchmark is made of: its command line, its statistics, and its rounds.
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { caseNamed } from "../bench/cases.mjs";
import { playSparring } from "../bench/contest.mjs";
import { parseOptions } from "../bench/options.mjs";
import { writeFiles } from "../bench/output.mjs";
import type { Arena } from "../bench/peers.mjs";
import { roundsOf } from "../bench/rounds.mjs";
import { threadCounts } from "../bench/scaling.mjs";
import { geometricMean, median, pairedRatio } from "../bench/stats.mjs";
import { start } from "./helpers/cli.js";
import { withFolder } from "./helpers/networks.js";

const main = fileURLToPath(new URL("../bench/main.mjs", import.meta.url));
const processors = availableParallelism();
const caseNames = ["article", "mlp", "dcgan", "toy", "wgan-gp"];
const flags =
  "--quick, --case, --only, --threads, --rounds, --no-compile, --json, --svg, --help for an option of npm run bench";
const all = [
  "cases",
  "import",
  "overhead",
  "scaling",
  "precision",
  "layers",
  "small",
  "kernels",
  "presets",
  "samples",
  "ranks",
  "packing",
  "streaming",
  "parzen",
  "checkpoint",
];

describe("a bad command line", () => {
  const count = "a whole number from 1 to";
  it.each([
    ["--fast", `Expected one of ${flags} but received "--fast"`],
    ["-q", `Expected one of ${flags} but received "-q"`],
    ["--quick=yes", `Expected one of ${flags} but received "--quick=yes"`],
    ["article", 'Expected options only for npm run bench but received "article"'],
    ["--case", "Expected a value for --case but received nothing"],
    ["--json --quick", "Expected a value for --json but received nothing"],
    ["--json --help", "Expected a value for --json but received nothing"],
    ["--rounds 3 --rounds=3", "Expected one --rounds for npm run bench but received 2"],
    ["--only cases --only import", "Expected one --only for npm run bench but received 2"],
    ["--case gan", `Expected one of ${caseNames.join(", ")} for --case but received "gan"`],
    [
      "--case toString",
      `Expected one of ${caseNames.join(", ")} for --case but received "toString"`,
    ],
    ["--only speed", `Expected some of ${all.join()} for --only but received "speed"`],
    ["--only cases,,", `Expected some of ${all.join()} for --only but received "cases,,"`],
    [
      "--only import --case toy",
      'Expected cases in --only beside --case for --only but received "import"',
    ],
    [
      "--only import --svg chart.svg",
      'Expected cases in --only beside --svg for --only but received "import"',
    ],
    ["--threads 0", `Expected ${count} ${processors} for --threads but received 0`],
    ["--threads 1025", `Expected ${count} ${processors} for --threads but received 1025`],
    ["--threads two", `Expected ${count} ${processors} for --threads but received "two"`],
    ["--rounds 1.5", `Expected ${count} 1000 for --rounds but received 1.5`],
    ["--rounds -1", `Expected ${count} 1000 for --rounds but received -1`],
    ["--rounds=", `Expected ${count} 1000 for --rounds but received ""`],
    ["--json=", 'Expected a writable file for --json but received ""'],
  ])("%s", (line, sentence) => {
    expect(() => parseOptions(line.split(" "), caseNames)).toThrow(
      expect.objectContaining({ name: "UsageError", message: sentence }),
    );
  });

  const end = (...argv: string[]) => {
    const { child, ended } = start(process.execPath, [main, ...argv], tmpdir());
    child.stdin.end();
    return ended;
  };
  it("ends with 2 and one sentence, before anything is measured", async () => {
    const sentence = `Expected ${count} 1000 for --rounds but received 0\n`;
    expect(await end("--rounds", "0")).toEqual({ code: 2, stdout: "", stderr: sentence });
  });
  it("does so for files that cannot be written, or are a run's own", async () => {
    await withFolder(async (run) => {
      const config = join(run, "config.json");
      await writeFile(config, "{}");
      for (const [flag, path, why] of [
        ["--json", "/nowhere/bench.json", "no such file or folder"],
        ["--svg", run, "it is a folder"],
        ["--json", config, "it is a run's own"],
      ] as const) {
        const stderr = `Expected a writable file for ${flag} but received "${path}" (${why})\n`;
        expect(await end("--quick", flag, path)).toEqual({ code: 2, stdout: "", stderr });
      }
      expect(await readFile(config, "utf8")).toBe("{}");
    });
  });
  it("says in one sentence, too, where they cannot be written when all is measured", async () => {
    const written = writeFiles({ json: "/nowhere/bench.json" }, {});
    await expect(written).rejects.toMatchObject({
      name: "SetupError",
      message: expect.stringMatching(/^Expected a writable file for --json but received ".*json"/),
    });
  });
});

describe("a command line", () => {
  const parse = (...argv: string[]) => parseOptions(argv, caseNames);

  it("asks everything by default", () => {
    expect(parse()).toMatchObject({ cases: caseNames, only: all, compile: true });
    expect(parse()).toHaveProperty("rounds", undefined);
  });
  it("asks for the cases alone, all of them, in a hurry", () => {
    expect(parse("--quick")).toMatchObject({ cases: caseNames, only: ["cases"], quick: true });
  });
  it("keeps the order of the cases, and names none twice", () => {
    const { cases, only } = parse("--case", "toy", "--case", "mlp", "--case", "toy") as {
      cases: string[];
      only: string[];
    };
    expect([cases, only]).toEqual([["mlp", "toy"], ["cases"]]);
  });
  it("takes several questions", () => {
    expect(parse("--only", "scaling,import")).toMatchObject({ only: ["import", "scaling"] });
  });
  it.each(["-h", "--help"])("prints help: %s", (flag) => {
    expect(parse(flag)).toHaveProperty("help", expect.stringContaining("--no-compile"));
  });
});

describe("the statistics", () => {
  it("refuse to make something of nothing", () => {
    const sentence = "Expected at least one number for values but received none";
    expect(() => median([])).toThrow(new RangeError(sentence));
    expect(() => geometricMean([])).toThrow(new RangeError(sentence));
    expect(() => pairedRatio([1], [1, 2])).toThrow(
      new RangeError("Expected 1 numbers for second but received 2"),
    );
  });
  it("take the middle, by value and not by place or by letters", () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    const given = [3, 1, 2];
    median(given);
    expect(given).toEqual([3, 1, 2]);
  });
  it("let a ratio and its inverse cancel out", () => {
    expect(geometricMean([4, 0.25])).toBeCloseTo(1, 12);
    expect(geometricMean([1, 2, 4])).toBeCloseTo(2, 12);
  });
  it("pair the rounds: a machine that slows down half way changes no ratio", () => {
    // Always three times as long, while the second round is ten times as slow for both.
    expect(pairedRatio([3, 30, 3.3], [1, 10, 1.1])).toBeCloseTo(3, 12);
  });
  it("double the threads up to the most", () => {
    expect([1, 2, 6].map(threadCounts)).toEqual([[1], [1, 2], [1, 2, 4, 6]]);
  });
});

describe("rounds", () => {
  it("are as many as the command line says, or as usual, or three in a hurry", () => {
    const options = [
      { quick: false },
      { quick: true },
      { quick: false, rounds: 2 },
      { quick: true, rounds: 12 },
    ];
    expect(options.map((one) => roundsOf(one, 5))).toEqual([5, 3, 2, 12]);
  });
  it("are as many for the questions that Sparring answers alone", async () => {
    const told: string[] = [];
    const options = { threads: 1, rounds: 2, quick: false };
    const onProgress = (what: string) => void told.push(what);
    await playSparring({} as Arena, caseNamed("toy"), [], { ...options, onProgress });
    expect(told).toEqual([1, 2].map((round) => `1-D toy, N(4, 1.25): round ${round} of 2`));
  });
});
