// `sparring theory`: an experiment of the 2014 paper in, its picture and figures out.
import type { Command } from "commander";
import * as check from "../check.js";
import { setThreads } from "../device.js";
import { forFile } from "../run/out.js";
import { checkOut } from "../run/own-files.js";
import { checkSettings, type TheoryOptions } from "../theory/kind.js";
import { makeFolder, placesOf, type Saved, save } from "../theory/save.js";
import { experimentNames, experimentOf, experiments } from "../theory/table.js";
import { createCommand, type Options } from "./command.js";
import { exitCodes } from "./exit.js";
import { flag, numberFlag, outFlag, toFlag } from "./options.js";
import { tell } from "./tell.js";

const examples = `
Experiments:
  figure1        p_data, p_g and D on the line, at four moments and moving
  proposition1   D against p_data / (p_data + p_g) while it is trained
  theorem1       C(G) against -log 4 + 2 JSD
  algorithm1     k = 1, 2, 5, and a discriminator that is trained too far
  saturation     the generator's gradient under both of its losses
  modes          mixtures of Gaussians under every objective

Each trains on the CPU, in less than two minutes, and writes <experiment>.json,
.svg and .png; figure1 also a .webp. Its own files are replaced, others stay.

Examples:
  sparring theory theorem1 --out theory
  sparring theory saturation --seed 3 --json --out theory > figures.json

Exit codes: 0 done, 1 failed, 2 bad input (nothing was written).`;

const options = [
  outFlag("--out <folder>", "folder for the picture and the figures"),
  numberFlag("--seed <n>", "the same seed gives the same figures", 0),
  numberFlag("--steps <n>", "steps of each training in the experiment", "the experiment's"),
  flag("--json", "print the figures as one JSON object instead of lines"),
];

export function theoryCommand(onExit: (code: number) => void): Command {
  return createCommand({
    name: "theory",
    description: "Run an experiment of the 2014 paper's theory.",
    argument: ["<experiment>", experimentNames.join(", ")],
    options,
    examples,
  }).action(async (given: string, { json, out, ...request }: Options) => {
    const begin = performance.now();
    const name = check.oneOf(given, "the experiment", experimentNames);
    const folder = check.path(out, "--out");
    const figures = await runExperiment(name, folder, request);
    const saved = await forFile("--out", () => save(figures, folder));
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const files = pathsIn(saved);
    tell(figures, json, () =>
      [
        ...experimentOf(figures).tell(figures),
        `Took ${seconds} s, and wrote`,
        ...files.map((file) => `  ${file}`),
      ].join("\n"),
    );
    onExit(exitCodes.ok);
  });
}

async function runExperiment(
  name: (typeof experimentNames)[number],
  folder: string,
  request: TheoryOptions,
) {
  const { steps, run } = experiments[name];
  const settings = checkSettings(request, steps, toFlag);
  await makeFolder(folder, "--out");
  // The last of them is written when all is done.
  for (const path of pathsIn(placesOf({ experiment: name }, folder))) await checkOut(path, "--out");
  // Networks this small are slower on more: the threads wait for each other.
  await setThreads(1);
  return run(settings);
}

function pathsIn(saved: Saved): string[] {
  return Object.values(saved).filter((path) => path !== null);
}
