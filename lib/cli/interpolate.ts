// `sparring interpolate`: a run in, the ways between samples out.
import { Command } from "commander";
import {
  defaultFrames,
  defaultRows,
  type Interpolated,
  interpolateRun,
} from "../run/interpolate.js";
import { methods } from "../run/latent-points.js";
import { exitCodes } from "./exit.js";
import { printJson } from "./json.js";
import { flag, toName, toRequest } from "./options.js";
import { counted, generatorText, printNote } from "./text.js";

const examples = `
A .png shows the frames side by side, a row for each pair of seeds: the first
leads from --from to --to, the second from the seed after that to the seed after
that. A .webp or .gif goes there and back, all rows at once.

Examples:
  sparring interpolate runs/dcgan --out strip.png
  sparring interpolate runs/dcgan --from 3 --to 8 --rows 1 --out walk.gif
  sparring interpolate runs/cgan --classes --out digits.png   a row for each
  sparring interpolate runs/infogan --class 1 --code 0 --range -2,2 --out c.png

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  flag("--from <seed>", "seed of the first sample", 0),
  flag("--to <seed>", "seed of the last sample", "--from + --rows"),
  flag(
    "--frames <n>",
    "samples on the way",
    `${defaultFrames.strip}; moving ${defaultFrames.animation}`,
  ),
  flag("--rows <n>", "pairs of seeds", defaultRows),
  flag("--method <name>", methods.join(", "), methods[0]),
  flag(
    "--class <n>",
    "the class of all, by its number or the name of its folder",
    "one after the other",
  ),
  flag("--classes", "the rows are the classes, of one pair of seeds"),
  flag("--code <i>", "let a code change, from 0, and keep the noise"),
  flag("--range <a,b>", "what that code goes through", "-1,1"),
  flag("--raw", "the weights of the last step where the run keeps an average"),
  flag("--step <n>", "the checkpoint of a step", "the newest"),
  flag("--checkpoint <which>", "best (by --evaluate-every), newest or a step", "newest"),
  flag("--json", "tell what was written as one JSON object"),
];

const numbers = new Set(["from", "to", "frames", "rows", "class", "code", "step", "checkpoint"]);

export function interpolateCommand(onExit: (code: number) => void): Command {
  const command = new Command("interpolate")
    .description("Draw the ways between samples of a run, as a strip or moving.")
    .argument("<run>", "a run folder")
    .requiredOption("--out <file>", "the .png, .webp or .gif to write (needed)")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(async (run: string, { json, ...texts }: Record<string, string | boolean>) => {
      const request = { ...toRequest(texts, numbers), run };
      const made = await interpolateRun(request, toName, printNote);
      if (json) printJson(made);
      else process.stdout.write(`${describe(made)}\n`);
      onExit(exitCodes.ok);
    });
  for (const option of options) command.addOption(option);
  return command;
}

function describe(made: Interpolated): string {
  const ways = `${counted(made.rows, "row")} of ${counted(made.frames, "frame")}`;
  return `${ways} of the ${generatorText(made)} are in ${made.path}`;
}
