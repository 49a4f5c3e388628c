// The benchmark of scripts/gpu-check.sh, on the CPU and against a contestant that only pretends: it
// runs once on a lent machine, and has to bring home what it measured there.
import { appendFile, chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pythonEnvironment } from "../scripts/python-env.mjs";
import { start } from "./helpers/cli.js";
import { makeFolder } from "./helpers/folder.js";

const script = fileURLToPath(new URL("../bench/gpu/run.py", import.meta.url));
// In CI a missing PyTorch is a failure; elsewhere there is nothing to measure against.
const python = await pythonEnvironment();
const impossible = python === null && process.env.CI === undefined;

// Its losses are no numbers, of the toy it knows nothing, and over another it says nothing.
const contestant = `#!${process.execPath}
if (/\\/toy-[^/]*$/.test(process.argv[2])) process.exit(3);
if (!/\\/article-[^/]*$/.test(process.argv[2])) console.log('{"ready": true, "kernelsOff": "no NVRTC"}');
require("node:readline").createInterface(process.stdin).on("line", (steps) => {
  const losses = { discriminator: null, generator: null };
  const refusals = { "one pass": "a penalty" };
  console.log(JSON.stringify({ seconds: steps * 1e-4, kind: "replayed", refusals, losses }));
});
`;

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
  await writeFile(join(folder.path, "contestant.cjs"), contestant);
  await chmod(join(folder.path, "contestant.cjs"), 0o755);
  // A Python that has PyTorch and no NumPy, which PyTorch can do without.
  await mkdir(join(folder.path, "without"));
  const missing = 'raise ModuleNotFoundError("No module named \'numpy\'", name="numpy")\n';
  await writeFile(join(folder.path, "without/numpy.py"), missing);
});
beforeEach(() => rm(join(folder.path, "gpu.json"), { force: true }));
afterAll(() => folder.remove());

// Ends by itself; `options` are those of the benchmark.
async function measure(...options: readonly string[]) {
  const { python: program, env } = python as { python: string; env?: Record<string, string> };
  const paths = [join(folder.path, "without"), env?.PYTHONPATH].filter(Boolean).join(":");
  const { child, ended } = start(
    program,
    [
      ...[script, "--contestant", "./contestant.cjs", "--json", "gpu.json", "--device", "cpu"],
      ...[
        "--quick",
        "--no-compile",
        "--precision",
        "float32",
        "--rounds",
        "1",
        "--seconds",
        "0.01",
      ],
      ...options,
    ],
    folder.path,
    { ...env, PYTHONPATH: paths },
  );
  child.stdin.end();
  const { code, stderr } = await ended;
  const file = await readFile(join(folder.path, "gpu.json"), "utf8");
  return { code, stderr, measured: JSON.parse(file) };
}

describe.skipIf(impossible)("the benchmark of a GPU", () => {
  const positive = expect.toSatisfy((value: number) => Number.isFinite(value) && value > 0);

  it("measures without NumPy, takes losses of NaN, and goes on where a contestant fails", async () => {
    const { code, stderr, measured } = await measure("--case", "mlp", "toy");
    expect(code).toBe(1);
    expect(stderr).toMatch(/toy, float32: RuntimeError: sparring ended with 3\s*$/);
    const theirs = { discriminator: positive, generator: positive };
    expect(measured).toMatchObject({
      machine: { device: "CPU" },
      geometricMean: { ratioEager: positive, ratioCompile: positive },
      cases: [
        {
          ...{ name: "mlp", precision: "float32", kind: "replayed", ratioEager: positive },
          ...{ refusals: { "one pass": "a penalty" }, kernelsOff: "no NVRTC", problems: {} },
          losses: {
            sparring: { discriminator: null, generator: null },
            "PyTorch eager": theirs,
          },
        },
        {
          ...{ name: "toy", kind: null, ratioEager: null, kernelsOff: null },
          problems: { sparring: "RuntimeError: sparring ended with 3" },
          losses: { "PyTorch eager": theirs, "PyTorch best": theirs },
        },
      ],
    });
    expect(measured.geometricMean.ratioEager).toBeCloseTo(measured.cases[0].ratioEager, 10);
  });

  describe("with a file of an earlier call", () => {
    let whole: Awaited<ReturnType<typeof measure>>["measured"];
    beforeAll(async () => {
      whole = (await measure("--case", "mlp")).measured;
    });
    // Whoever is measured has half a second, which is too little.
    async function goOn(file: string, ...options: readonly string[]) {
      await writeFile(join(folder.path, "gpu.json"), file);
      const { stderr, measured } = await measure("--patience", "0.5", ...options);
      return { cases: measured.cases, measured, began: stderr.match(/^\w+, float32$/gm) };
    }
    const float32 = (name: string) => ({ name, precision: "float32" });

    it("keeps what it has, and does anew what failed or was measured otherwise", async () => {
      const [mlp] = whole.cases;
      const { manner } = mlp;
      const toy = { ...mlp, ...float32("toy"), problems: { sparring: "it hung" } };
      const article = { ...mlp, ...float32("article"), manner: { ...manner, quick: false } };
      const notAsked = [
        { ...mlp, precision: "bfloat16", ratioEager: 1000 * mlp.ratioEager },
        { ...article, precision: "bfloat16" },
      ];
      const file = JSON.stringify({ ...whole, cases: [...notAsked, mlp, toy, article] });
      const { began, cases, measured } = await goOn(file, "--case", "mlp", "toy", "article");
      expect(began).toEqual(["article, float32", "toy, float32"]);
      expect(cases.slice(0, 3)).toEqual([...notAsked, mlp]);
      const anew = (name: string) => ({ ...float32(name), manner, ratioEager: null });
      expect(cases.slice(3)).toMatchObject([anew("article"), anew("toy")]);
      // The mean is over what was measured in the same manner.
      const mean = Math.sqrt(mlp.ratioEager * notAsked[0].ratioEager);
      expect(measured.geometricMean.ratioEager / mean).toBeCloseTo(1, 10);
    });

    it("measures anew in other rounds, and once the contestant or its kernels are others", async () => {
      const file = JSON.stringify(whole);
      const began = async (...options: readonly string[]) =>
        (await goOn(file, "--case", "mlp", ...options)).began;
      expect(await began()).toBe(null);
      expect(await began("--rounds", "2")).toEqual(["mlp, float32"]);
      const kernels = join(folder.path, "libsparring_cuda.so");
      await writeFile(kernels, "kernels");
      expect(await began()).toEqual(["mlp, float32"]);
      await rm(kernels);
      await appendFile(join(folder.path, "contestant.cjs"), "// Built anew.\n");
      expect(await began()).toEqual(["mlp, float32"]);
      await writeFile(join(folder.path, "contestant.cjs"), contestant);
      expect(await began()).toBe(null);
    });

    it("takes one that is half-written, or of an older benchmark, for none", async () => {
      const { manner, ...older } = whole.cases[0];
      for (const file of ['{"machine": ', JSON.stringify({ ...whole, cases: [older] })]) {
        const { began, cases } = await goOn(file, "--case", "mlp");
        expect(began).toEqual(["mlp, float32"]);
        expect(cases).toMatchObject([{ ...float32("mlp"), manner }]);
      }
      expect(await readdir(folder.path)).not.toContain("gpu.json.part");
    });
  });

  it("tries, even of few modes of PyTorch's, the one that records a GPU's work as ours does", async () => {
    const { python: program, env } = python as { python: string; env?: Record<string, string> };
    const modes = `
import json, pathlib, modes
case = json.loads(pathlib.Path("../gpu/cases.json").read_text())[0]
for device in "cpu", "cuda:0":
    full = {**case, "device": device, "quick": True, "compile": True}
    print(", ".join(mode.name for mode in modes.list_modes(full)))`;
    const peers = fileURLToPath(new URL("../bench/peers", import.meta.url));
    const { child, ended } = start(program, ["-c", modes], peers, env);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const [onCpu, onGpu] = stdout.trim().split("\n");
    expect(onGpu).toBe(`${onCpu}, compile reduce-overhead + fused Adam + channels_last`);
  });

  it("ends who says nothing any more, and tells so", async () => {
    const { code, measured } = await measure("--case", "article", "--patience", "0.5");
    expect(code).toBe(1);
    const ended = (name: string) => [name, `RuntimeError: ${name} ended with -9`];
    expect(measured).toMatchObject({
      geometricMean: { ratioEager: null, ratioCompile: null },
      cases: [
        {
          problems: Object.fromEntries(["sparring", "PyTorch eager", "PyTorch best"].map(ended)),
          losses: {},
        },
      ],
    });
  });
});
