// The benchmark of scripts/gpu-check.sh, on the CPU and against a contestant that only pretends: it
// runs once on a lent machine, and has to bring home what it measured there.
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  it("goes on with what was measured before, and does anew what failed or was another manner", async () => {
    const { python: program, env } = python as { python: string; env?: Record<string, string> };
    const version = ["-c", "import torch; print(torch.__version__, end='')"];
    const { child, ended } = start(program, version, folder.path, env);
    child.stdin.end();
    const machine = { device: "CPU", torch: (await ended).stdout, data: "noise" };
    const manner = { precision: "float32", quick: true, compile: false };
    const done = { ...manner, ratioEager: 2, ratioCompile: 3, bestMode: "eager", problems: {} };
    const mlp = { ...done, name: "mlp" };
    const toy = { ...done, name: "toy", problems: { sparring: "it hung" } };
    const article = { ...done, name: "article", quick: false };
    const before = { machine, cases: [mlp, toy, article] };
    await writeFile(join(folder.path, "gpu.json"), JSON.stringify(before));
    const asked = ["--case", "mlp", "toy", "article", "--patience", "0.5"];
    const { code, stderr, measured } = await measure(...asked);
    expect(code).toBe(1);
    expect(stderr).not.toContain("mlp, float32\n");
    expect(measured.cases[0]).toEqual(mlp);
    const anew = (name: string) => ({ ...manner, name, ratioEager: null });
    expect(measured.cases.slice(1)).toMatchObject([anew("article"), anew("toy")]);
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
