// The table of questions beside the cases: a new one costs its file, and a row here.
import { checkpoint } from "./checkpoint.mjs";
import { importTime } from "./import-time.mjs";
import { kernels } from "./kernels.mjs";
import { layers } from "./layers.mjs";
import { overhead } from "./overhead.mjs";
import { packing } from "./packing.mjs";
import { parzen } from "./parzen.mjs";
import { precision } from "./precision.mjs";
import { presets } from "./presets.mjs";
import { ranks } from "./ranks.mjs";
import { samples } from "./samples.mjs";
import { scaling } from "./scaling.mjs";
import { small } from "./small.mjs";
import { streaming } from "./streaming.mjs";

/**
 * @typedef {object} QuestionOptions
 * @property {number} threads CPU threads, the most where several counts are tried
 * @property {number} [rounds] turns of each contestant, where the command line says so: roundsOf()
 * @property {boolean} quick less of everything
 * @property {(what: string) => void} onProgress hears what a long question is at
 */

/**
 * @typedef {object} Question
 * @property {string} name what --only and the results call it
 * @property {(arena: import("./peers.mjs").Arena, options: QuestionOptions) => Promise<object>} run
 *   what it returns is written to --json
 * @property {(found: any) => string} describe tells people what run() found
 */

/**
 * In the order in which they are asked.
 * @type {readonly Question[]}
 */
export const questions = [
  importTime,
  overhead,
  scaling,
  precision,
  layers,
  small,
  kernels,
  presets,
  samples,
  ranks,
  packing,
  streaming,
  parzen,
  checkpoint,
];

/** What can be asked of the machine: the cases first. */
export const questionNames = ["cases", ...questions.map(({ name }) => name)];
