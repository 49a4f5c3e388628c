// From a run folder to a picture of samples.
import { extname, resolve } from "node:path";
import { isStyled } from "../architecture.js";
import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { checkGrid } from "../images.js";
import { checkRows, checkTruncationPsi } from "../networks/conditions.js";
import { type GeneratorOrigin, type GeneratorRequest, loadGenerator } from "./generator.js";
import { gridOf, inTurn } from "./grid.js";
import { checkClass } from "./labels.js";
import { forFile } from "./out.js";
import { checkOut } from "./own-files.js";
import { type Naming, planTruncation, planTruncationPsi } from "./plan.js";
import { takeThreads } from "./threads.js";

/** What a grid of samples is asked for: from a command line. */
export interface SampleRequest extends GeneratorRequest {
  readonly count?: unknown;
  readonly columns?: unknown;
  readonly seed?: unknown;
  readonly class?: unknown;
  readonly truncation?: unknown;
  readonly truncationPsi?: unknown;
  readonly out?: unknown;
}

/** What was written. */
export interface Sampled extends GeneratorOrigin {
  /** Absolute path of the PNG. */
  readonly path: string;
  readonly count: number;
  readonly columns: number;
  readonly seed: number;
  /** The class of all samples; null where they take turns, or there are none. */
  readonly class: number | null;
  /** How far from 0 noise was drawn at most; null where it was anything. */
  readonly truncation: number | null;
  /** How far styles were from their mean; null where as far as in training. */
  readonly truncationPsi: number | null;
}

/** Most samples: more than a grid can show of the smallest images. */
const most = 100_000;

/**
 * Writes a grid of samples of a run's generator; without options the very picture that the run
 * itself would draw. Throws TypeError and RangeError for what makes no sense, what loadGenerator()
 * throws, and ERR_OUTPUT.
 */
export async function sampleRun(
  request: SampleRequest,
  naming: Naming<SampleRequest>,
  onNote: (sentence: string) => void,
): Promise<Sampled> {
  const out = check.path(request.out, naming("out"));
  if (extname(out).toLowerCase() !== ".png")
    throw wrongType("a path that ends in .png", naming("out"), out);
  const whole = (option: "count" | "columns", max: number) =>
    request[option] === undefined
      ? undefined
      : check.integer(request[option], naming(option), 1, max);
  const asked = { count: whole("count", most), columns: whole("columns", 10_000) };
  if (request.seed !== undefined) check.seed(request.seed, naming("seed"));
  const truncation = planTruncation(request.truncation, naming("truncation"));
  const truncationPsi = planTruncationPsi(request.truncationPsi, naming("truncationPsi"));
  await checkOut(out, naming("out"));
  const found = await loadGenerator(request, naming, onNote);
  using generator = found.generator;
  checkTruncationPsi(truncationPsi, isStyled(generator.resolved), naming("truncationPsi"));
  const { classes } = generator.latent;
  const { classNames } = found;
  const label = checkClass(request.class, { classes, classNames }, naming("class"));
  const usual = gridOf(label === undefined ? classes : 0);
  const { count = usual.count, columns = usual.columns } = asked;
  checkRows(count, generator.resolved, naming("count"));
  const { image } = generator;
  checkGrid({ count, image }, { columns }, { name: naming("count"), value: count });
  const seed = check.seed(request.seed ?? found.sampleSeed, naming("seed"));
  // Where no number is asked for it is the run's own picture, which has no more than the first
  // classes.
  const labels = label ?? (asked.count === undefined ? usual.labels : inTurn(count, classes));
  // Or the last digits would be others, and now and then a pixel.
  if (found.threads !== null) await takeThreads(found.threads, onNote);
  const images = await generator.sample(count, { seed, labels, truncation, truncationPsi });
  await forFile(naming("out"), () => images.save(out, { columns }));
  const { preset, averaged, step } = found;
  const path = resolve(out);
  const truncated = { truncation: truncation ?? null, truncationPsi: truncationPsi ?? null };
  const told = { class: label ?? null, ...truncated };
  return { path, preset, averaged, step, count, columns, seed, ...told };
}
