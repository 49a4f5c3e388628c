// `sparring sample`: a run in, a picture of samples out.
import { Command } from "commander";
import { type Sampled, sampleRun } from "../run/sample.js";
import { exitCodes } from "./exit.js";
import { printJson } from "./json.js";
import { flag, toName, toRequest } from "./options.js";
import { counted, generatorText, printNote } from "./text.js";

const examples = `
The newest checkpoint is taken, also of a run that is still going on, and the
averaged generator where the run keeps one. Without options it is the picture
that the run itself would draw.

Examples:
  sparring sample runs/dcgan --out samples.png
  sparring sample runs/dcgan --count 64 --columns 8 --seed 7 --out more.png
  sparring sample runs/cgan --class 3 --out threes.png
  sparring sample runs/cgan --step 2000 --out then.png   a checkpoint's

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  flag("--count <n>", "how many", "25, or 5 of each class"),
  flag("--columns <n>", "images in a row", "5, or one for each class"),
  flag("--seed <n>", "the same seed gives the same samples", "the run's"),
  flag(
    "--class <n>",
    "the class of all, by its number or the name of its folder",
    "the classes take turns",
  ),
  flag("--raw", "the weights of the last step where the run keeps an average"),
  flag("--step <n>", "the checkpoint of a step", "the newest"),
  flag("--checkpoint <which>", "best (by --evaluate-every), newest or a step", "newest"),
  flag("--json", "tell what was written as one JSON object"),
];

const numbers = new Set(["count", "columns", "seed", "class", "step", "checkpoint"]);

export function sampleCommand(onExit: (code: number) => void): Command {
  const command = new Command("sample")
    .description("Draw samples of a run as a PNG.")
    .argument("<run>", "a run folder")
    .requiredOption("--out <file>", "the .png to write (needed)")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(async (run: string, { json, ...texts }: Record<string, string | boolean>) => {
      const request = { ...toRequest(texts, numbers), run };
      const sampled = await sampleRun(request, toName, printNote);
      if (json) printJson(sampled);
      else process.stdout.write(`${describe(sampled)}\n`);
      onExit(exitCodes.ok);
    });
  for (const option of options) command.addOption(option);
  return command;
}

function describe(sampled: Sampled): string {
  const are = sampled.count === 1 ? "is" : "are";
  return `${counted(sampled.count, "sample")} of the ${generatorText(sampled)} ${are} in ${sampled.path}`;
}
