// Bad command lines of sparring train.
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { devices } from "../../lib/index.js";
import { badLines, onePreset, port } from "../helpers/bad-lines.js";
import { writeTree } from "../helpers/image-folder.js";

const { folder, expectRefused } = await badLines();
const processors = availableParallelism();

const trainFlags =
  "--preset, --data, --size, --channels, --no-resident, --hold-out, --steps, --epochs, --batch, --drop-last, --horizontal-flip, --accumulate, --lr, --execution, --device, --threads, --seed, --sample-every, --log-every, --checkpoint-every, --keep-checkpoints, --rollbacks, --no-tensorboard, --evaluate-every, --evaluate-samples, --evaluate-features, --precision, --sync-batch-norm, --reduce-precision, --from, --from-step, --out, --dashboard, --resume, --restartable, --timeout, --dry-run, --json, --help";
const whole = (flag: string, received: string) =>
  `Expected a whole number of at least 1 for ${flag} but received ${received}`;
const out = (received: string, why: string) =>
  `Expected a new or empty folder that can be written for --out but received "${received}" (${why})`;

const commandLines: [string, string][] = [
  ["train --out --dry-run", "Expected a value for --out but received nothing"],
  ["train --data --size 8", "Expected a value for --data but received nothing"],
  ["train --out --tensorboard", "Expected a value for --out but received nothing"],
  ["train --out a --out b", "Expected one --out for sparring train but received 2"],
  ["train --size 8 --steps 4 --size=16", "Expected one --size for sparring train but received 2"],
  ["train --resume --resume run", "Expected one --resume for sparring train but received 2"],
  [
    "train --dashboard 80 --dashboard",
    "Expected one --dashboard for sparring train but received 2",
  ],
  [
    "train --resident --no-resident",
    'Expected --resident or --no-resident for sparring train but received "--resident --no-resident"',
  ],
  [
    "train --no-tensorboard --steps 3 --tensorboard",
    'Expected --no-tensorboard or --tensorboard for sparring train but received "--no-tensorboard --tensorboard"',
  ],
  ["train --drop-last --drop-last --steps 0", whole("--steps", "0")],
  ["train --step 3", 'Expected --steps for an option of sparring train but received "--step"'],
  [
    "train --nothing-like-it",
    `Expected one of ${trainFlags} for an option of sparring train but received "--nothing-like-it"`,
  ],
  ["train -s 3", `Expected one of ${trainFlags} for an option of sparring train but received "-s"`],
  [
    "train mnist",
    'Expected a JSON file of options for the config but received "mnist" (no such file or folder; --data names what to train on)',
  ],
  [
    "train a.json b.json",
    'Expected one config and options only for sparring train but received "b.json"',
  ],
  [
    "train --resume run --out run",
    'Expected one run, after --resume or --out for the run but received "--resume \\"run\\" --out \\"run\\""',
  ],
  ["train --steps", "Expected a value for --steps but received nothing"],
  ["train --preset stylegan", 'Expected stylegan2 for --preset but received "stylegan"'],
  ["train --preset=", `Expected ${onePreset} for --preset but received ""`],
  ["train --preset toString", `Expected ${onePreset} for --preset but received "toString"`],
  [
    "train --preset dcgan --size 28",
    "Expected a square with a side of 32, 64 or 128 (preset dcgan) for --size but received 28",
  ],
  [
    "train --preset sngan-hinge --size 28",
    "Expected a multiple of 8 on each side (preset sngan-hinge) for --size but received 28",
  ],
  [
    "train --data nowhere",
    'Expected mnist, stacked-mnist, a folder or a file for --data but received "nowhere" (no such file or folder)',
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
  [
    "train --size 30",
    "Expected a multiple of 4 on each side (preset article) for --size but received 30",
  ],
  ["train --size 0", "Expected a whole number from 1 to 4096 for --size but received 0"],
  ["train --size 5000", "Expected a whole number from 1 to 4096 for --size but received 5000"],
  ["train --size 32px", 'Expected a side, or HEIGHTxWIDTH, for --size but received "32px"'],
  ["train --size 32x", 'Expected a side, or HEIGHTxWIDTH, for --size but received "32x"'],
  ["train --size 8x8x8", 'Expected a side, or HEIGHTxWIDTH, for --size but received "8x8x8"'],
  ["train --size 32x1.5", 'Expected a side, or HEIGHTxWIDTH, for --size but received "32x1.5"'],
  ["train --size 48x0", "Expected a whole number from 1 to 4096 for --size[1] but received 0"],
  [
    "train --size 5000X48",
    "Expected a whole number from 1 to 4096 for --size[0] but received 5000",
  ],
  [
    "train --size 48x62",
    "Expected a multiple of 4 on each side (preset article) for --size but received [48, 62]",
  ],
  [
    "train --preset dcgan --size 64x32",
    "Expected a square with a side of 32, 64 or 128 (preset dcgan) for --size but received [64, 32]",
  ],
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
    "Expected a folder that a restart finds again for --out but received nothing",
  ],
  [
    "train --dry-run --dashboard",
    'Expected --dry-run or --dashboard for sparring train but received "--dry-run --dashboard"',
  ],
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
    "Expected a whole number from 2 to 128 (the data have 128 images) for --batch but received 129",
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
  ["train --lr 1e39", "Expected a finite float32 above 0 for --lr but received 1e+39"],
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
  ["train --out run", out("run", "it holds another run; --resume goes on with that one")],
  ["train --out full", out("full", "it is not empty")],
  ["train --out file", out("file", "it is a file")],
  ["train --out file/below", out("file/below", "a part of the path is not a folder")],
  ["train --out file/far/below", out("file/far/below", "a part of the path is not a folder")],
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
  ["train --preset DCGAN", 'Expected dcgan for --preset but received "DCGAN"'],
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
    'Expected --sample-every for an option of sparring train but received "--no-sample-every"',
  ],
  ["train --Steps 10", 'Expected --steps for an option of sparring train but received "--Steps"'],
  [
    "train --n_critic 5",
    'Expected discriminatorSteps of a config file for an option of sparring train but received "--n_critic"',
  ],
  [
    "train --batch_size 64",
    'Expected --batch for an option of sparring train but received "--batch_size"',
  ],
  [
    "train --batch_size=64",
    'Expected --batch for an option of sparring train but received "--batch_size"',
  ],
  [
    "train --drop-lst=true",
    'Expected --drop-last for an option of sparring train but received "--drop-lst"',
  ],
  ["train --drop-last=false", 'Expected no value for --drop-last but received "false"'],
  ["train --no-resident=a=b", 'Expected no value for --no-resident but received "a=b"'],
  ["train --tensorboard=", 'Expected no value for --tensorboard but received ""'],
  ["train --help=all", 'Expected no value for --help but received "all"'],
  [
    "train --img_height 48 --img_width 64",
    'Expected --size for an option of sparring train but received "--img_height"',
  ],
  ["train --steps 10 --seed", "Expected a value for --seed but received nothing"],
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
    'Expected classifier or a TorchScript file for --evaluate-features but received "inception.pt" (no such file or folder)',
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
];

describe("bad command lines", () => {
  it.each(commandLines)("%s", (line, sentence) => expectRefused(line.split(" "), sentence));

  it("refuses a GPU that is not there", async () => {
    const why = devices().cuda === 0 ? "a usable device" : `one of ${devices().cuda} CUDA devices`;
    const sentence = new RegExp(`^Expected ${why} for --device but received "cuda:99"`);
    await expectRefused(["train", "--device", "cuda:99"], sentence);
  });

  it("refuses a place for the run before images are packed for it", async () => {
    await writeTree(join(folder.path, "pictures"), {
      "a/1.png": 10,
      "a/2.png": 200,
      "b/3.png": 90,
    });
    await symlink("nowhere", join(folder.path, "link"));
    const toNothing = `the link "${join(folder.path, "link")}" leads to nothing`;
    const rows = [
      ["file", "it is a file"],
      ["file/run", "a part of the path is not a folder"],
      ["full", "it is not empty"],
      ["pictures", "it is not empty"],
      ["link", toNothing],
      ["link/far/run", toNothing],
    ] as const;
    const words = ["train", "--data", "pictures", "--batch", "2", "--out"];
    // Packing is told of, and then there would be two lines.
    for (const [path, why] of rows) await expectRefused([...words, path], out(path, why));
    for (const flag of ["--restartable", "--dry-run"])
      await expectRefused([...words, "link/far/run", flag], out("link/far/run", toNothing));
    // So is one that nobody chose.
    await writeFile(join(folder.path, "runs"), "no folder");
    await expectRefused(
      words.slice(0, -1),
      /^Expected .* for --out but received "runs\/article-\d{8}-\d{6}" \(a part of the path is not a folder\)\n$/,
    );
  });

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)("refuses a folder that may not be written", async () => {
    await mkdir(join(folder.path, "locked"));
    await chmod(join(folder.path, "locked"), 0o555);
    await expectRefused(["train", "--out", "locked/run"], out("locked/run", "permission denied"));
  });
});
