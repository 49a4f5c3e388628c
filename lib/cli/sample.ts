// `sparring sample`: a run in, a picture of samples out.
import type { Command } from "commander";
import { type Sampled, sampleRun } from "../run/sample.js";
import { createRunCommand } from "./command.js";
import {
  flag,
  numberFlag,
  outFlag,
  truncationFlag,
  truncationPsiFlag,
  weightsFlags,
} from "./options.js";
import { counted } from "../count.js";
import { generatorText } from "./text.js";

const examples = `
The samples are those of the newest checkpoint, even while the run is still
training, and of the averaged generator if the run keeps one. Without options
the picture is the one that the run itself would draw.

Examples:
  sparring sample runs/dcgan --out samples.png
  sparring sample runs/dcgan --count 64 --columns 8 --seed 7 --out more.png
  sparring sample runs/cgan --class 3 --out threes.png
  sparring sample runs/dcgan --truncation 0.7 --out few-outliers.png
  sparring sample runs/cgan --step 2000 --out then.png   a checkpoint's

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  outFlag("--out <file>", "the .png to write"),
  numberFlag("--count <n>", "how many samples", "25, or 5 of each class"),
  numberFlag("--columns <n>", "images in a row", "5, or one for each class"),
  numberFlag("--seed <n>", "the same seed gives the same samples", "that of the run's grids, 0"),
  numberFlag(
    "--class <n>",
    "class of all samples, by its number or the name of its folder",
    "the classes take turns",
  ),
  truncationFlag(),
  truncationPsiFlag(),
  ...weightsFlags(),
  flag("--json", "print what was written as one JSON object"),
];

export function sampleCommand(onExit: (code: number) => void): Command {
  const description = "Draw samples of a run as a PNG.";
  const text = { name: "sample", description, options, examples };
  return createRunCommand({ ...text, work: sampleRun, toText: describe }, onExit);
}

function describe(sampled: Sampled): string {
  const are = sampled.count === 1 ? "is" : "are";
  return `${counted(sampled.count, "sample")} of the ${generatorText(sampled)} ${are} in ${sampled.path}`;
}
