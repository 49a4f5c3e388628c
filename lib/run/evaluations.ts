// Evaluations while a run trains: evaluations.jsonl, a line each. They draw no number that training
// would have drawn.
import { isObject } from "../check.js";
import type { MetricScores } from "../metrics/all.js";
import type { Generator } from "../networks.js";
import type { Judge } from "./evaluation.js";
import { appendLine, cutLines, readLines } from "./json-lines.js";

/** A line of evaluations.jsonl. Nothing of the clock is in it: equal runs have equal bytes. */
export interface Evaluation {
  readonly step: number;
  /** The feature network. */
  readonly network: string;
  readonly samples: number;
  readonly reals: number;
  /** The numbers, by the names that TensorBoard has for them too. */
  readonly values: Readonly<Record<string, number>>;
}

/** What its file is called in an error. */
const name = "evaluations";

export class Evaluations {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Measures a generator and writes the line. Throws ERR_DATA for samples that are no images,
   * ERR_OUTPUT.
   *
   * @param signal ends the measuring, with `signal.reason`
   */
  async add(
    judge: Judge,
    generator: Generator,
    at: { readonly step: number; readonly samples: number; readonly seed: number },
    signal?: AbortSignal,
  ): Promise<Evaluation> {
    const { step, samples, seed } = at;
    const values = flat(await judge.evaluate(generator, { samples, seed }, signal));
    const line = { step, network: judge.network, samples, reals: judge.reals, values };
    await appendLine(this.#path, name, line);
    return line;
  }

  /** The last of the first `step` steps, if there is one. */
  async last(step: number): Promise<Evaluation | undefined> {
    let found: Evaluation | undefined;
    await readLines(this.#path, name, (line) => {
      if (isEvaluation(line) && line.step <= step) found = line;
    });
    return found;
  }

  /**
   * Leaves out evaluations after `step`, of steps that are going to be done again. Returns what is
   * left.
   */
  cut(step: number): Promise<Evaluation[]> {
    return cutLines(
      this.#path,
      name,
      (line): line is Evaluation => isEvaluation(line) && line.step <= step,
    );
  }
}

function isEvaluation(line: object): line is Evaluation {
  const { step, values }: Partial<Evaluation> = line;
  return Number.isSafeInteger(step) && isObject(values);
}

/** The numbers of all metrics, side by side. */
function flat(scores: MetricScores): Record<string, number> {
  const { fid, kid, precisionRecall, densityCoverage } = scores;
  const { inceptionScore, classBalance, modeCoverage } = scores;
  const values = {
    fid: fid?.value,
    kid: kid?.value,
    precision: precisionRecall?.precision,
    recall: precisionRecall?.recall,
    density: densityCoverage?.density,
    coverage: densityCoverage?.coverage,
    inceptionScore: inceptionScore?.value,
    classBalance: classBalance?.value,
    modes: modeCoverage?.value,
    modeDivergence: modeCoverage?.divergence,
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Record<string, number>;
}
