// `sparring interpolate`: a run in, the ways between samples out.
import type { Command } from "commander";
import {
  defaultFrames,
  defaultRows,
  type Interpolated,
  interpolateRun,
} from "../run/interpolate.js";
import { methods } from "../run/latent-points.js";
import { createRunCommand } from "./command.js";
import { flag, numberFlag, outFlag, truncationPsiFlag, weightsFlags } from "./options.js";
import { counted } from "../count.js";
import { generatorText } from "./text.js";

const examples = `
A .png shows the frames side by side, a row for each pair of seeds: the first
leads from --from to --to, the second from --from + 1 to --to + 1, and so on. A
.webp or .gif shows all rows at once, and goes there and back.

Examples:
  sparring interpolate runs/dcgan --out strip.png
  sparring interpolate runs/dcgan --from 3 --to 8 --rows 1 --out walk.gif
  sparring interpolate runs/cgan --classes --out digits.png   a row for each
  sparring interpolate runs/infogan --class 1 --code 0 --range -2,2 --out c.png

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  outFlag("--out <file>", "the .png, .webp or .gif to write"),
  numberFlag("--from <seed>", "seed of the first sample", 0),
  numberFlag("--to <seed>", "seed of the last sample", "--from + --rows"),
  numberFlag(
    "--frames <n>",
    "samples on the way",
    `${defaultFrames.strip}; ${defaultFrames.animation} if moving`,
  ),
  numberFlag("--rows <n>", "pairs of seeds", defaultRows),
  flag("--method <name>", methods.join(", "), methods[0]),
  numberFlag(
    "--class <n>",
    "class of all samples, by its number or the name of its folder",
    "one after the other",
  ),
  flag("--classes", "a row for each class, all with the same pair of seeds"),
  numberFlag("--code <i>", "vary this code (the first is 0), and keep the noise"),
  flag("--range <a,b>", "range of that code", "-1,1"),
  truncationPsiFlag(),
  ...weightsFlags(),
  flag("--json", "print what was written as one JSON object"),
];

export function interpolateCommand(onExit: (code: number) => void): Command {
  const description = "Draw the ways between samples of a run, as a strip or an animation.";
  const text = { name: "interpolate", description, options, examples };
  return createRunCommand({ ...text, work: interpolateRun, toText: describe }, onExit);
}

function describe(made: Interpolated): string {
  const ways = `${counted(made.rows, "row")} of ${counted(made.frames, "frame")}`;
  const are = made.rows === 1 ? "is" : "are";
  return `${ways} of the ${generatorText(made)} ${are} in ${made.path}`;
}
