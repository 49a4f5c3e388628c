// Bad input: one sentence, exit code 2, nothing left behind.
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { devices } from "../../lib/index.js";
import { runCli } from "../helpers/cli.js";
import { idx, imagesFile, labelsFile, writeIdxFolder } from "../helpers/idx.js";
import { makeFolder } from "../helpers/folder.js";

const processors = availableParallelism();

const trainFlags =
  "--preset, --data, --size, --channels, --no-resident, --steps, --epochs, --batch, --drop-last, --horizontal-flip, --accumulate, --lr, --execution, --device, --threads, --seed, --sample-every, --log-every, --checkpoint-every, --keep-checkpoints, --rollbacks, --no-tensorboard, --evaluate-every, --evaluate-samples, --evaluate-features, --precision, --sync-batch-norm, --out, --dashboard, --resume, --restartable, --timeout, --dry-run, --json, --help";
const port = (name: string, value: string) =>
  `Expected a whole number from 0 to 65535 for ${name} but received ${value}`;
const runs = (path: string, why: string) =>
  `Expected a run or a folder of runs for the folder but received "${path}" (${why})`;
const onePreset =
  "one of article, goodfellow2014, mlp, gan, cgan, dcgan, infogan, acgan, lsgan, wgan, wgan-gp, dragan, sngan-hinge, ralsgan, r3gan";
const aCommand =
  "one of train, sample, interpolate, evaluate, export, dashboard, bench, theory, doctor, setup, help";
const anExperiment = "one of figure1, proposition1, theorem1, algorithm1, saturation, modes";
const whole = (flag: string, received: string) =>
  `Expected a whole number of at least 1 for ${flag} but received ${received}`;
const out = (received: string, why: string) =>
  `Expected a new or empty folder that can be written for --out but received "${received}" (${why})`;

let folder: { readonly path: string; remove(): Promise<void> };

// `data` holds 128 images of 8×8; `run` a run; `full` something else; `file` is a file.
beforeAll(async () => {
  folder = await makeFolder();
  const { path } = folder;
  await writeIdxFolder(join(path, "data"), 128);
  await mkdir(join(path, "run"));
  await writeFile(join(path, "run/config.json"), "{}");
  await mkdir(join(path, "full"));
  await writeFile(join(path, "full/letter.txt"), "keep me");
  await writeFile(join(path, "file"), "keep me");
});
afterAll(() => folder.remove());

/** Every path below the folder. */
const tree = async () => (await readdir(folder.path, { recursive: true })).sort();

async function expectRefused(args: readonly string[], sentence: string | RegExp): Promise<void> {
  const before = await tree();
  const { code, stdout, stderr } = await runCli(args, folder.path);
  if (typeof sentence === "string") expect(stderr).toBe(`${sentence}\n`);
  else expect(stderr).toMatch(sentence);
  expect(stderr.trimEnd()).not.toContain("\n");
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(await tree()).toEqual(before);
}

const commandLines: [string, string][] = [
  ["trian", `Expected ${aCommand} for the command but received "trian"`],
  ["help trian", `Expected ${aCommand} for the command but received "trian"`],
  ["--quick", 'Expected one of --version, --help for an option of sparring but received "--quick"'],
  [
    "train --step 3",
    `Expected one of ${trainFlags} for an option of sparring train but received "--step"`,
  ],
  ["train -s 3", `Expected one of ${trainFlags} for an option of sparring train but received "-s"`],
  [
    "train mnist",
    'Expected a JSON file of options for the config but received "mnist" (no such file or folder)',
  ],
  [
    "train a.json b.json",
    'Expected one config and options only for sparring train but received "b.json"',
  ],
  [
    "train a.json --resume --out run",
    'Expected a config or --resume for sparring train but received "a.json --resume"',
  ],
  ["train --steps", "Expected a value for --steps but received nothing"],
  ["train --preset stylegan", `Expected ${onePreset} for --preset but received "stylegan"`],
  ["train --preset=", `Expected ${onePreset} for --preset but received ""`],
  ["train --preset toString", `Expected ${onePreset} for --preset but received "toString"`],
  [
    "train --preset dcgan --size 28",
    "Expected one of 32, 64, 128 (preset dcgan) for --size but received 28",
  ],
  [
    "train --preset sngan-hinge --size 28",
    "Expected a multiple of 8 (preset sngan-hinge) for --size but received 28",
  ],
  [
    "train --data nowhere",
    'Expected mnist, stacked-mnist, a folder or a file for --data but received "nowhere"',
  ],
  ["train --data=", 'Expected mnist, stacked-mnist, a folder or a file for --data but received ""'],
  ["train --channels 2", "Expected 1 or 3 for --channels but received 2"],
  [
    "train --data data --size 8 --channels 3",
    "Expected 1, as the data have, for --channels but received 3",
  ],
  [
    "train --data data --size 8 --accumulate 2 --sync-batch-norm",
    "Expected 1, as --sync-batch-norm is over the whole batch, for --accumulate but received 2",
  ],
  [
    "train --data data --size 8 --device cpu --precision tf32",
    'Expected one of float32, bfloat16, which cpu has, for --precision but received "tf32"',
  ],
  ["train --size 30", "Expected a multiple of 4 (preset article) for --size but received 30"],
  ["train --size 0", "Expected a whole number from 1 to 4096 for --size but received 0"],
  ["train --size 5000", "Expected a whole number from 1 to 4096 for --size but received 5000"],
  ["train --size 32px", 'Expected a whole number from 1 to 4096 for --size but received "32px"'],
  ["train --dashboard -1", port("--dashboard", "-1")],
  ["train --dashboard 65536", port("--dashboard", "65536")],
  ["train --dashboard run.json", port("--dashboard", '"run.json"')],
  ["train --timeout 0", "Expected a number in [1, 86400] for --timeout but received 0"],
  ["train --timeout long", 'Expected a number in [1, 86400] for --timeout but received "long"'],
  [
    "train --resume --restartable --out run",
    'Expected --resume or --restartable for sparring train but received "--resume --restartable"',
  ],
  [
    "train --restartable",
    "Expected a folder that a restart finds again for --out but received undefined",
  ],
  [
    "train --dry-run --dashboard",
    'Expected --dry-run or --dashboard for sparring train but received "--dry-run --dashboard"',
  ],
  ["dashboard --port http", port("--port", '"http"')],
  ["dashboard --port 1.5", port("--port", "1.5")],
  ["dashboard --port", "Expected a value for --port but received nothing"],
  [
    "dashboard --host 0.0.0.0",
    'Expected one of --port, --json, --help for an option of sparring dashboard but received "--host"',
  ],
  ["dashboard a b", 'Expected one folder and options only for sparring dashboard but received "b"'],
  ["dashboard", runs("runs", "no such file or folder")],
  ["dashboard nowhere", runs("nowhere", "no such file or folder")],
  ["dashboard file", runs("file", "it is a file")],
  ["dashboard file/run", runs("file/run", "a part of the path is not a folder")],
  ["train --steps 0", whole("--steps", "0")],
  ["train --steps -3", whole("--steps", "-3")],
  ["train --steps 1.5", whole("--steps", "1.5")],
  ["train --steps 0x10", whole("--steps", '"0x10"')],
  ["train --steps=", whole("--steps", '""')],
  ["train --steps Infinity", whole("--steps", '"Infinity"')],
  ["train --epochs none", whole("--epochs", '"none"')],
  [
    "train --steps 10 --epochs 2",
    'Expected --steps or --epochs for the length of the run but received "--steps 10 --epochs 2"',
  ],
  ["train --batch abc", whole("--batch", '"abc"')],
  ["train --batch 0", whole("--batch", "0")],
  [
    "train --data data --batch 1",
    "Expected a whole number from 2 to 128 (BatchNorm trains on more than one) for --batch but received 1",
  ],
  [
    "train --data data --batch 129",
    "Expected a whole number from 2 to 128 for --batch but received 129",
  ],
  [
    "train --data data --batch 127",
    "Expected a number that does not leave a last batch of 1 of 128 images (BatchNorm trains on more than one; --drop-last leaves it out) for --batch but received 127",
  ],
  ["train --accumulate 0", whole("--accumulate", "0")],
  ["train --accumulate two", whole("--accumulate", '"two"')],
  [
    "train --data data --batch 8 --accumulate 5",
    "Expected a whole number from 1 to 4 (a part has at least 2 of the 8 images of a batch, as BatchNorm trains on more than one) for --accumulate but received 5",
  ],
  ["train --lr 0", "Expected a finite number above 0 for --lr but received 0"],
  ["train --lr fast", 'Expected a finite number above 0 for --lr but received "fast"'],
  ["train --execution lazy", 'Expected one of eager, fused for --execution but received "lazy"'],
  [
    "train --device gpu",
    'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "gpu"',
  ],
  [
    "train --device cuda:x",
    'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "cuda:x"',
  ],
  [
    "train --threads 0",
    `Expected a whole number from 1 to ${processors} for --threads but received 0`,
  ],
  ["train --seed -1", "Expected a whole number of at least 0 for --seed but received -1"],
  ["train --seed 1e400", 'Expected a whole number of at least 0 for --seed but received "1e400"'],
  ["train --sample-every 0", whole("--sample-every", "0")],
  ["train --log-every 0", whole("--log-every", "0")],
  ["train --out=", 'Expected a non-empty string for --out but received ""'],
  ["train --out run", out("run", "it holds another run")],
  ["train --out full", out("full", "it is not empty")],
  ["train --out file", out("file", "it is a file")],
  ["train --out file/below", out("file/below", "a part of the path is not a folder")],
  ["train --out file/far/below", out("file/far/below", "a part of the path is not a folder")],
  ["TRAIN", `Expected ${aCommand} for the command but received "TRAIN"`],
  ["train --seed 1.5", "Expected a whole number of at least 0 for --seed but received 1.5"],
  [
    "train --seed 9007199254740993",
    'Expected a whole number of at least 0 for --seed but received "9007199254740993"',
  ],
  ["train --seed seven", 'Expected a whole number of at least 0 for --seed but received "seven"'],
  ["train --steps 1_000", whole("--steps", '"1_000"')],
  ["train --steps 10,000", whole("--steps", '"10,000"')],
  ["train --epochs 0", whole("--epochs", "0")],
  ["train --epochs 1.5", whole("--epochs", "1.5")],
  ["train --batch 64.5", whole("--batch", "64.5")],
  ["train --lr -0.001", "Expected a finite number above 0 for --lr but received -0.001"],
  ["train --lr NaN", 'Expected a finite number above 0 for --lr but received "NaN"'],
  ["train --lr Infinity", 'Expected a finite number above 0 for --lr but received "Infinity"'],
  [
    "train --threads 1025",
    `Expected a whole number from 1 to ${processors} for --threads but received 1025`,
  ],
  ["train --size -8", "Expected a whole number from 1 to 4096 for --size but received -8"],
  ["train --size 31.5", "Expected a whole number from 1 to 4096 for --size but received 31.5"],
  ["train --sample-every never", whole("--sample-every", '"never"')],
  ["train --log-every 0.5", whole("--log-every", "0.5")],
  ["train --preset DCGAN", `Expected ${onePreset} for --preset but received "DCGAN"`],
  ["train --preset __proto__", `Expected ${onePreset} for --preset but received "__proto__"`],
  [
    "train --device CPU",
    'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "CPU"',
  ],
  [
    "train --device cuda:-1",
    'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "cuda:-1"',
  ],
  [
    "train --device cuda:1000",
    'Expected "auto", "cpu", "cuda" or "cuda:i" for --device but received "cuda:1000"',
  ],
  ["train --execution EAGER", 'Expected one of eager, fused for --execution but received "EAGER"'],
  [
    "train --data /dev/null",
    `Expected a folder of images, MNIST's or CIFAR-10's files, an IDX or a .npy file for --data but received "/dev/null" (it is none of them)`,
  ],
  ["train --out /dev/null", out("/dev/null", "it is a file")],
  ["train --out .", out(".", "it is not empty")],
  [
    "train --no-sample-every",
    `Expected one of ${trainFlags} for an option of sparring train but received "--no-sample-every"`,
  ],
  [
    "train --Steps 10",
    `Expected one of ${trainFlags} for an option of sparring train but received "--Steps"`,
  ],
  ["train --steps 10 --seed", "Expected a value for --seed but received nothing"],
  [
    "doctor --fix",
    'Expected one of --json, --help for an option of sparring doctor but received "--fix"',
  ],
  [
    "setup --fix",
    "Expected one of --tests, --cuda, --force, --verbose, --help for a setup flag but received --fix",
  ],
  ["doctor me", 'Expected options only for sparring doctor but received "me"'],
  [
    "train --evaluate-every -1",
    "Expected a whole number of at least 0 for --evaluate-every but received -1",
  ],
  [
    "train --evaluate-every 10 --evaluate-samples 1",
    "Expected a whole number from 2 to 1000000 for --evaluate-samples but received 1",
  ],
  [
    "train --evaluate-every 10 --evaluate-features inception.pt",
    'Expected classifier or a TorchScript file for --evaluate-features but received "inception.pt"',
  ],
  ["evaluate", "Expected a value for <run> of sparring evaluate but received nothing"],
  [
    "evaluate run --samples 1",
    "Expected a whole number from 2 to 1000000 for --samples but received 1",
  ],
  [
    "evaluate run --metrics fid,is",
    'Expected some of fid, kid, precision-recall, density-coverage, inception-score, class-balance, mode-coverage, parzen for --metrics but received "is"',
  ],
  [
    "evaluate run --features inception.pt",
    'Expected classifier or a TorchScript file for --features but received "inception.pt"',
  ],
  [
    "evaluate run --checkpoint worst",
    'Expected best, newest or a step for --checkpoint but received "worst"',
  ],
  [
    "evaluate run --checkpoint best --step 3",
    'Expected --step or --checkpoint for the checkpoint but received "both"',
  ],
  ["evaluate run --seed -1", "Expected a whole number of at least 0 for --seed but received -1"],
  [
    "evaluate run --data nowhere",
    'Expected mnist, stacked-mnist, a folder or a file for --data but received "nowhere"',
  ],
  ["sample run", "Expected a value for --out but received nothing"],
  ["sample --out g.png", "Expected a value for <run> of sparring sample but received nothing"],
  [
    "sample run run --out g.png",
    'Expected one run and options only for sparring sample but received "run"',
  ],
  ["sample run --out g.jpg", 'Expected a path that ends in .png for --out but received "g.jpg"'],
  ["sample run --out=", 'Expected a non-empty string for --out but received ""'],
  [
    "sample run --out g.png --count 0",
    "Expected a whole number from 1 to 100000 for --count but received 0",
  ],
  [
    "sample run --out g.png --count many",
    'Expected a whole number from 1 to 100000 for --count but received "many"',
  ],
  [
    "sample run --out g.png --columns 10001",
    "Expected a whole number from 1 to 10000 for --columns but received 10001",
  ],
  [
    "sample run --out g.png --seed -1",
    "Expected a whole number of at least 0 for --seed but received -1",
  ],
  [
    "sample run --out g.png --step newest",
    'Expected a whole number of at least 0 for --step but received "newest"',
  ],
  [
    "sample run --out g.png",
    `Expected the folder of a run for the run but received "run" (its config.json: ${onePreset.replace(/^/, "Expected ")} for preset but received undefined)`,
  ],
  ["interpolate run", "Expected a value for --out but received nothing"],
  [
    "interpolate run --out g.mp4",
    'Expected a path that ends in .png, .webp, .gif for --out but received "g.mp4"',
  ],
  [
    "interpolate run --out g.png --frames 1",
    "Expected a whole number from 2 to 1000 for --frames but received 1",
  ],
  [
    "interpolate run --out g.png --rows 101",
    "Expected a whole number from 1 to 100 for --rows but received 101",
  ],
  [
    "interpolate run --out g.png --from 0.5",
    "Expected a whole number of at least 0 for --from but received 0.5",
  ],
  [
    "interpolate run --out g.png --to last",
    'Expected a whole number of at least 0 for --to but received "last"',
  ],
  [
    "interpolate run --out g.png --method slerp",
    'Expected one of spherical, linear for --method but received "slerp"',
  ],
  [
    "interpolate run --out g.png --class 1 --classes",
    'Expected --class or --classes for the classes but received "--class 1 --classes"',
  ],
  [
    "interpolate run --out g.png --rows 3 --classes",
    'Expected --rows or --classes for the rows but received "--rows 3 --classes"',
  ],
  [
    "interpolate run --out g.png --to 3 --code 0",
    'Expected --to or --code for what changes but received "--to 3 --code 0"',
  ],
  [
    "interpolate run --out g.png --method linear --code 0",
    'Expected --method or --code for what changes but received "--method \\"linear\\" --code 0"',
  ],
  [
    "interpolate run --out g.png --range 0,1",
    'Expected --code beside it for --range but received "0,1"',
  ],
  [
    "interpolate run --out g.png --code 0 --range 1",
    'Expected two numbers, a,b, for --range but received "1"',
  ],
  [
    "interpolate run --out g.png --code 0 --range ,2",
    'Expected two numbers, a,b, for --range but received ",2"',
  ],
  [
    "interpolate run --out g.png --code first",
    'Expected a whole number of at least 0 for --code but received "first"',
  ],
  ["train --json", 'Expected --dry-run beside --json for sparring train but received "--json"'],
  [
    "train --resume --dry-run --out run",
    'Expected --dry-run or --resume for sparring train but received "--dry-run --resume"',
  ],
  ["train --dry-run --steps 0", whole("--steps", "0")],
  ["train --dry-run --out full", out("full", "it is not empty")],
  // /proc lets root pass the first check; only making the folder fails.
  [
    "train --data data --out /proc/sparring/run",
    out("/proc/sparring/run", "no such file or folder"),
  ],
  ["theory --out new", "Expected a value for <experiment> of sparring theory but received nothing"],
  ["theory theorem1", "Expected a value for --out but received nothing"],
  [
    "theory theorem2 --out new",
    `Expected ${anExperiment} for the experiment but received "theorem2"`,
  ],
  [
    "theory toString --out new",
    `Expected ${anExperiment} for the experiment but received "toString"`,
  ],
  [
    "theory theorem1 proposition1 --out new",
    'Expected one experiment and options only for sparring theory but received "proposition1"',
  ],
  [
    "theory theorem1 --out file",
    'Expected a folder that can be written for --out but received "file" (it exists already)',
  ],
  [
    "theory theorem1 --out file/new",
    'Expected a folder that can be written for --out but received "file/new" (a part of the path is not a folder)',
  ],
  ["theory theorem1 --out=", 'Expected a non-empty string for --out but received ""'],
  [
    "theory theorem1 --out new --seed -1",
    "Expected a whole number of at least 0 for --seed but received -1",
  ],
  [
    "theory theorem1 --out new --seed one",
    'Expected a whole number of at least 0 for --seed but received "one"',
  ],
  [
    "theory theorem1 --out new --steps 9",
    "Expected a whole number of at least 10 for --steps but received 9",
  ],
];

describe("bad command lines", () => {
  it.each(commandLines)("%s", (line, sentence) => expectRefused(line.split(" "), sentence));

  it("refuses a GPU that is not there", async () => {
    const why = devices().cuda === 0 ? "a usable device" : `one of ${devices().cuda} CUDA devices`;
    const sentence = new RegExp(`^Expected ${why} for --device but received "cuda:99"`);
    await expectRefused(["train", "--device", "cuda:99"], sentence);
  });

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)("refuses a folder that may not be written", async () => {
    await mkdir(join(folder.path, "locked"));
    await chmod(join(folder.path, "locked"), 0o555);
    await expectRefused(["train", "--out", "locked/run"], out("locked/run", "permission denied"));
  });
});

describe("bad data", () => {
  const images = idx([128, 8, 8]);
  const labels = idx([128]);
  const missing = (name: string) =>
    `Expected ${name} (or .gz) for MNIST but received the folder "DATA" without it`;
  const none = (path: string) =>
    `Expected a folder of images, MNIST's or CIFAR-10's files, an IDX or a .npy file for --data but received "${path}" (it is none of them)`;
  const wrong = (rank: number, name: string, why: string) =>
    `Expected an IDX file of rank ${rank} for path but received "DATA/${name}": ${why}`;
  const cases: [string, Record<string, Uint8Array>, string][] = [
    ["an empty folder", {}, none("DATA")],
    ["a folder of other files", { "notes.txt": Buffer.from("cats") }, none("DATA")],
    ["labels without images", { [labelsFile]: labels }, missing(imagesFile)],
    ["images without labels", { [imagesFile]: images }, missing(labelsFile)],
    [
      "truncated images",
      { [imagesFile]: images.subarray(0, 1000), [labelsFile]: labels },
      wrong(3, imagesFile, "its shape [128, 8, 8] needs 8192 bytes, and 984 follow the header"),
    ],
    [
      "a truncated header",
      { [imagesFile]: images.subarray(0, 10), [labelsFile]: labels },
      wrong(3, imagesFile, "its header is cut off after 10 bytes"),
    ],
    [
      "oversized images",
      { [imagesFile]: Buffer.concat([images, Buffer.alloc(3)]), [labelsFile]: labels },
      wrong(3, imagesFile, "its shape [128, 8, 8] needs 8192 bytes, and 8195 follow the header"),
    ],
    [
      "an empty file",
      { [imagesFile]: Buffer.alloc(0), [labelsFile]: labels },
      wrong(3, imagesFile, "it has 0 bytes"),
    ],
    [
      "labels where images should be",
      { [imagesFile]: labels, [labelsFile]: labels },
      wrong(3, imagesFile, "its rank is 1"),
    ],
    [
      "something that is not IDX",
      { [imagesFile]: Buffer.from("<html>Not found</html>"), [labelsFile]: labels },
      wrong(3, imagesFile, "it does not start with two zero bytes"),
    ],
    [
      "a truncated .gz",
      { [`${imagesFile}.gz`]: gzipSync(images).subarray(0, 200), [labelsFile]: labels },
      `Expected an IDX file for path but received "DATA/${imagesFile}.gz" (unexpected end of file)`,
    ],
    [
      "fewer labels than images",
      { [imagesFile]: images, [labelsFile]: idx([127]) },
      `Expected 128 labels, one for each image, for DATA/${labelsFile} but received 127`,
    ],
    [
      "a single image",
      { [imagesFile]: idx([1, 8, 8]), [labelsFile]: idx([1]) },
      "Expected at least 2 images (BatchNorm trains on more than one) for the dataset but received 1",
    ],
  ];

  it.each<[string, Uint8Array]>([
    ["text", Buffer.from("cats and dogs")],
    ["nothing", Buffer.alloc(0)],
    ["image.png", Buffer.from("\x89PNG\r\n", "latin1")],
    ["labels", idx([12])],
  ])("refuses a file that is none of those that are read: %s", async (name, bytes) => {
    const path = join(folder.path, `file ${name}`);
    await writeFile(path, bytes);
    await expectRefused(["train", "--data", path, "--out", "never"], none(path));
  });

  it("refuses a conditional preset on images without labels", async () => {
    const path = join(folder.path, "unlabelled");
    await writeFile(path, images);
    await expectRefused(
      ["train", "--preset", "cgan", "--data", path, "--out", "never"],
      "Expected labels, which the discriminator needs, for dataset but received none",
    );
  });

  it.each(cases)("refuses %s", async (title, files, sentence) => {
    const data = join(folder.path, `data ${title}`);
    await mkdir(data);
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(data, name), bytes);
    await expectRefused(
      ["train", "--data", data, "--out", "never"],
      sentence.replace("DATA", data),
    );
  });
});
