// The files of a run, which are its own: nothing else is to be in the place of one.
import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { manifestFile, parts } from "../checkpoint/format.js";
import { refused, showPath } from "../errors.js";
import { bestFile } from "./checkpoints.js";
import { RunFolder } from "./folder.js";
import { checkWritable } from "./out.js";

const networks = ["generator", "generator-ema", "discriminator"] as const;
const checkpointFiles: readonly string[] = [manifestFile, ...parts.map(({ file }) => file)];

/** What it has learned, but for checkpoints. */
function learned(run: RunFolder): string[] {
  const weights = networks.map((network) => run.weightsOf(network));
  return [...weights, join(run.checkpoints, bestFile)];
}

/**
 * Checks that a run which goes on can write what it writes late, some of it when all is trained.
 * Throws ERR_OUTPUT.
 *
 * @param name what the user calls its folder
 */
export async function checkPlaces(run: RunFolder, name: string): Promise<void> {
  // A folder that is missing is made.
  const samples = await readdir(run.samples, { withFileTypes: true }).catch(() => []);
  const odd = samples.filter((one) => !one.isFile() && /^\d+\.png$/.test(one.name));
  const pictures = odd.map((one) => join(run.samples, one.name));
  for (const path of [run.plan, run.events, ...learned(run), ...pictures])
    if (existsSync(path)) await checkWritable(path, name);
}

/**
 * Checks that a command could write a file there, and that no run would lose one of its own by it.
 * Writes nothing. Throws ERR_OUTPUT.
 *
 * @param name what the user calls it
 */
export async function checkOut(path: string, name: string): Promise<void> {
  await checkWritable(path, name);
  // A link in the place of the file would be replaced; those above it lead to where it would be.
  const folder = await realpath(dirname(resolve(path)));
  const above = [folder, dirname(folder), dirname(dirname(folder))];
  const runs = above.map((one) => RunFolder.at(one)).filter(({ config }) => existsSync(config));
  if (!runs.some((run) => owns(run, join(folder, basename(path))))) return;
  const received = `${showPath(path)} (it is a run's own)`;
  throw refused("ERR_OUTPUT", "a writable file", name, received);
}

/** Whether a run would be another one without the file of this path. */
function owns(run: RunFolder, path: string): boolean {
  if (dirname(dirname(path)) === run.checkpoints) return checkpointFiles.includes(basename(path));
  return [run.config, ...run.told, ...learned(run)].includes(path);
}
