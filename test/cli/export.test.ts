// `sparring export`: what it refuses, and that others read what it writes.
import { execFileSync } from "node:child_process";
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession, Tensor } from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeWhole } from "../../lib/files.js";
import { Generator } from "../../lib/index.js";
import { ModelProtoSchema } from "../../lib/onnx/schema/onnx_pb.js";
import { presets } from "../../lib/presets.js";
import { evaluateRun } from "../../lib/run/evaluate.js";
import { exportRun } from "../../lib/run/export.js";
import { sampleRun } from "../../lib/run/sample.js";
import { runCli } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { made } from "../helpers/inputs.js";
import { asNobody } from "../helpers/nobody.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string) => runCli(line.split(" "), folder.path);

const config = { preset: "mlp", size: 8, channels: 1, ema: null };

/** Folders that are no runs, by name: their config.json. */
const broken: Record<string, string> = {
  empty: "",
  list: "[]",
  odd: JSON.stringify({ ...config, preset: "r3gan", size: 33 }),
  unfinished: JSON.stringify(config),
  cut: JSON.stringify(config),
  other: JSON.stringify({ ...config, size: 16 }),
};

// `mlp` and `r3gan` are runs, the second with an average.
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  for (const preset of ["mlp", "r3gan"]) {
    const line = `train --preset ${preset} --data data --size 8 --batch 10 --threads 1 --steps 2`;
    const { code, stderr } = await sparring(`${line} --seed 1 --out ${preset}`);
    expect([code, stderr]).toEqual([0, expect.stringContaining("Trained 2 steps")]);
  }
  for (const [name, text] of Object.entries(broken)) {
    await mkdir(at(name, "weights"), { recursive: true });
    await writeFile(at(name, "config.json"), text);
  }
  const weights = await readFile(at("mlp/weights/generator.safetensors"));
  await writeFile(at("cut/weights/generator.safetensors"), weights.subarray(0, 5000));
  await writeFile(at("other/weights/generator.safetensors"), weights);
});
afterAll(() => folder.remove());

const flags = "--format, --opset, --out, --step, --checkpoint, --raw, --json, --help";
const noRun = (received: string, why: string) =>
  `Expected the folder of a run for the run but received "${received}" (its config.json: ${why})`;
const noWeights = (received: string) =>
  `Expected a run with weights for the run but received "${received}" (it has none yet, or lost them: there is no weights/generator.safetensors)`;

const refused: [string, string | RegExp][] = [
  ["export", "Expected a value for --out but received nothing"],
  ["export --out g", "Expected a value for <run> of sparring export but received nothing"],
  ["export mlp", "Expected a value for --out but received nothing"],
  [
    "export mlp r3gan --out g",
    'Expected one run and options only for sparring export but received "r3gan"',
  ],
  ["export mlp --out", "Expected a value for --out but received nothing"],
  ["export mlp --out=", 'Expected a non-empty string for --out but received ""'],
  [
    "export mlp --out g --to g",
    `Expected one of ${flags} for an option of sparring export but received "--to"`,
  ],
  [
    "export mlp --out g --format tflite",
    'Expected one of onnx, safetensors, pytorch for --format but received "tflite"',
  ],
  [
    "export mlp --out g.pt",
    'Expected a file that ends in .onnx, .safetensors or .py for --out without --format but received "g.pt"',
  ],
  [
    "export mlp --out g.safetensors --opset 18",
    'Expected onnx beside --opset for --format but received "safetensors"',
  ],
  [
    "export mlp --out g --opset 99",
    "Expected a whole number from 17 to 26 for --opset but received 99",
  ],
  [
    "export mlp --out g --opset new",
    'Expected a whole number from 17 to 26 for --opset but received "new"',
  ],
  [
    "export mlp --out g --format pytorch --opset 18",
    'Expected onnx beside --opset for --format but received "pytorch"',
  ],
  ["export nowhere --out g", noRun("nowhere", "no such file or folder")],
  ["export data --out g", noRun("data", "no such file or folder")],
  [
    "export data/train-images-idx3-ubyte --out g",
    /\(its config.json: a part of the path is not a folder\)\n$/,
  ],
  ["export empty --out g", noRun("empty", "it is not JSON")],
  ["export list --out g", noRun("list", "it is not an object")],
  ["export odd --out g", /config.json: Expected .* \(preset r3gan\) for size but received 33\)\n$/],
  ["export unfinished --out g", noWeights("unfinished")],
  [
    "export cut --out g",
    /^Expected a safetensors file for the run but received ".*": (its header would be \d+ bytes|.*lies outside)/,
  ],
  [
    "export other --out g",
    /^Expected the weights of this network for the run but received "other\/weights.*needs \[/,
  ],
  [
    "export mlp --out g --step 7",
    "Expected 2, the only checkpoint of the run, for --step but received 7",
  ],
  [
    "export mlp --out g --step 2 --checkpoint newest",
    'Expected --step or --checkpoint for the checkpoint but received "both"',
  ],
  [
    "export mlp --out mlp",
    'Expected a writable file for --out but received "mlp" (it is a folder)',
  ],
  [
    "export mlp --out no/g",
    'Expected a writable file for --out but received "no/g" (no such file or folder)',
  ],
];

describe("sparring export refuses", () => {
  it("to take the place of what is no file", async () => {
    // As root it would be /dev/null that becomes a file, or /dev/stdout, which leads to a pipe.
    execFileSync("mkfifo", [at("pipe")]);
    await symlink("pipe", at("link"));
    for (const name of ["pipe", "link"]) {
      expect(await sparring(`export mlp --format pytorch --out ${name}`)).toEqual({
        code: 2,
        stdout: "",
        stderr: `Expected a writable file for --out but received "${name}" (it is no regular file)\n`,
      });
      await expect(writeWhole(at(name), ["text"])).rejects.toThrow("(it is no regular file)");
    }
    const [pipe, link] = await Promise.all([lstat(at("pipe")), lstat(at("link"))]);
    expect([pipe.isFIFO(), link.isSymbolicLink()]).toEqual([true, true]);
  });

  it("to take the place of a file of a run, by whatever way to it", async () => {
    await cp(at("mlp"), at("whole"), { recursive: true });
    await symlink("whole", at("way"));
    const before = await contentsOf(at("whole"));
    for (const [file, line] of [
      ["whole/config.json", "export r3gan --format pytorch"],
      ["way/summary.json", "export whole --format onnx"],
      ["way/../whole/weights/generator.safetensors", "export whole --raw"],
      ["way/checkpoints/best.json", "export whole --format pytorch"],
      ["whole/checkpoints/000002/generator.safetensors", "export r3gan"],
      ["whole/checkpoints/000002/checkpoint.json", "export r3gan --format pytorch"],
    ])
      expect(await sparring(`${line} --out ${file}`)).toEqual({
        code: 2,
        stdout: "",
        stderr: `Expected a writable file for --out but received "${file}" (it is a run's own)\n`,
      });
    expect(await contentsOf(at("whole"))).toEqual(before);
    // A link is replaced, as everywhere, and what is not the run's own may be beside its files.
    await symlink("whole/config.json", at("config.py"));
    for (const file of ["config.py", "whole/weights/generator.py"])
      expect(await sparring(`export whole --out ${file}`)).toMatchObject({ code: 0 });
    expect(await contentsOf(at("whole"))).toMatchObject(before);
  });

  it("to call weights missing that may not be read, as sample and evaluate do", async () => {
    await cp(at("mlp"), at("closed"), { recursive: true });
    await rm(at("closed/checkpoints"), { recursive: true });
    await mkdir(at("open"));
    await chmod(at(), 0o711);
    await chmod(at("open"), 0o777);
    const file = at("closed/weights/generator.safetensors");
    const run = at("closed");
    const naming = (option: string) => option;
    const note = () => {};
    for (const path of [at("closed/weights"), file]) {
      await chmod(path, 0);
      for (const read of [
        () => exportRun({ run, out: at("open/g.onnx") }, naming),
        () => sampleRun({ run, out: at("open/g.png") }, naming, note),
        () => evaluateRun({ run, device: "cpu" }, naming, note),
      ])
        await expect(asNobody<object>(read)).rejects.toThrow(
          `Expected a run with weights that can be read for run but received "${file}" (permission denied)`,
        );
      await chmod(path, 0o755);
    }
  });

  it.each(refused)("%s", async (line, sentence) => {
    const { code, stdout, stderr } = await sparring(line);
    if (typeof sentence === "string") expect(stderr).toBe(`${sentence}\n`);
    else expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect([code, stdout]).toEqual([2, ""]);
    for (const name of ["g", "g.pt", "g.safetensors"])
      await expect(access(at(name))).rejects.toThrow();
  });
});

describe("sparring export", () => {
  /** The generator of a run, with the weights of a file of it. */
  async function generatorOf(preset: "mlp" | "r3gan", weights: string): Promise<Generator> {
    const generator = new Generator(presets[preset].pair({ image: [1, 8, 8] }).generator);
    await generator.loadWeights(at(preset, "weights", weights));
    return generator;
  }

  it.each([
    ["mlp", "", "generator"],
    ["mlp", " --raw", "generator"],
    ["r3gan", "", "generator-ema"],
    ["r3gan", " --raw", "generator"],
  ] as const)("writes %s%s as all formats, of %s.safetensors", async (preset, raw, file) => {
    const which = file === "generator" ? "generator" : "averaged generator";
    for (const format of ["safetensors", "pytorch", "onnx"]) {
      const ended = await sparring(`export ${preset} --format ${format} --out out.${format}${raw}`);
      expect(ended).toEqual({
        code: 0,
        stdout: `The ${which} of the preset ${preset} is in ${at(`out.${format}`)}\n`,
        stderr: "",
      });
    }
    const generator = await generatorOf(preset, `${file}.safetensors`);
    const weights = await readFile(at(preset, "weights", `${file}.safetensors`));
    expect((await readFile(at("out.safetensors"))).equals(weights)).toBe(true);
    expect(await readFile(at("out.pytorch"), "utf8")).toBe(generator.toPyTorch());

    const session = await InferenceSession.create(at("out.onnx"));
    const { noise } = generator.latent;
    const values = made(4 * noise, 2);
    const { images } = await session.run({ noise: new Tensor("float32", values, [4, noise]) });
    const ours = await generator.generate(values);
    expect(images?.dims).toEqual(ours.shape);
    ours.data.forEach((value, i) => {
      expect(images?.data[i]).toBeCloseTo(value, 5);
    });
  });

  it("writes the weights of a step, and tells what it wrote as JSON", async () => {
    const words = "export mlp --format safetensors --out told.safetensors --json";
    const told = { path: at("told.safetensors"), format: "safetensors", preset: "mlp" };
    for (const [more, step] of [
      ["", null],
      [" --step 2", 2],
      [" --checkpoint newest", 2],
    ] as const) {
      const { code, stdout, stderr } = await sparring(words + more);
      expect([code, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual({ ...told, averaged: false, step });
      const weights = await readFile(at("mlp/weights/generator.safetensors"));
      expect((await readFile(told.path)).equals(weights)).toBe(true);
    }
  });

  it.each([
    ["named.ONNX", "", "onnx"],
    ["named.safetensors", "", "safetensors"],
    ["named.py", "", "pytorch"],
    ["named", "", "onnx"],
    ["named.pt", " --format safetensors", "safetensors"],
  ])("tells by the name %s%s that it is %s", async (name, more, format) => {
    const { stdout } = await sparring(`export mlp --out ${name}${more} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ path: at(name), format });
  });

  it("writes the opset that is asked for", async () => {
    for (const [words, version] of [
      ["", 17n],
      [" --opset 21", 21n],
    ] as const) {
      expect(await sparring(`export mlp --out opset.onnx${words}`)).toMatchObject({ code: 0 });
      const { opsetImport } = fromBinary(ModelProtoSchema, await readFile(at("opset.onnx")));
      expect(opsetImport.map((one) => one.version)).toEqual([version]);
    }
  });

  it("knows how many classes the run's data had", async () => {
    const { generator } = presets.cgan.pair({ image: [1, 8, 8], classes: 3 });
    await mkdir(at("three/weights"), { recursive: true });
    await writeFile(
      at("three/config.json"),
      JSON.stringify({ ...config, preset: "cgan", classes: 3 }),
    );
    const three = new Generator(generator, { seed: 1 });
    await three.saveWeights(at("three/weights/generator.safetensors"));
    const { code, stderr } = await sparring("export three --format pytorch --out three.py");
    expect([code, stderr]).toEqual([0, ""]);
    expect(await readFile(at("three.py"), "utf8")).toBe(three.toPyTorch());
  });

  it("refuses the weights of an earlier end where the run was killed since", async () => {
    await cp(at("r3gan"), at("killed"), { recursive: true });
    const words = "train --resume --out killed --steps 4";
    expect(await sparring(words)).toMatchObject({ code: 0 });
    // As it lies there when it was killed before it ended again.
    await rm(at("killed/weights"), { recursive: true });
    await cp(at("r3gan/weights"), at("killed/weights"), { recursive: true });
    await rm(at("killed/summary.json"));
    const why = "its weights/ are not those of its newest checkpoint, step 4";
    for (const raw of ["", " --raw"])
      expect(await sparring(`export killed --out killed.onnx${raw}`)).toEqual({
        code: 2,
        stdout: "",
        stderr: `Expected a run that has ended, or --checkpoint newest, for the run but received "killed" (${why})\n`,
      });
    await expect(access(at("killed.onnx"))).rejects.toThrow();
    const newest = await sparring("export killed --out killed.onnx --checkpoint newest --json");
    expect(JSON.parse(newest.stdout)).toMatchObject({ step: 4, averaged: true });

    // So it is after an error that left nothing to save; after one that did, all of it is there.
    await writeFile(at("killed/summary.json"), '{ "state": "failed" }');
    expect(await sparring("export killed --out killed.py")).toMatchObject({ code: 2 });
    await rm(at("killed/checkpoints/000004"), { recursive: true });
    expect(await sparring("export killed --out killed.py")).toMatchObject({ code: 0 });
  });

  it("writes ONNX where no format is named", async () => {
    await sparring("export mlp --out named.onnx --format onnx");
    await sparring("export mlp --out default.onnx");
    const [a, b] = await Promise.all(
      ["named.onnx", "default.onnx"].map((name) => readFile(at(name))),
    );
    expect(a?.equals(b as Buffer)).toBe(true);
  });
});
