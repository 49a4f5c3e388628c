// Evaluations while a run trains: evaluations.jsonl, a line each. They draw no number that training would have drawn.
import { appendFile } from "node:fs/promises";
import { SparringError, show } from "../errors.js";
import { reason, textIn, writeWhole } from "../files.js";
import type { Scores } from "../metrics/all.js";
import type { Generator } from "../networks.js";
import type { Judge } from "./evaluation.js";

/** A line of evaluations.jsonl. Nothing of the clock is in it: equal runs have equal bytes. */
export interface Evaluation {
  readonly step: number;
  /** The feature network. */
  readonly network: string;
  readonly samples: number;
  readonly reals: number;
  /** By what TensorBoard calls them, too. */
  readonly values: Readonly<Record<string, number>>;
}

export class Evaluations {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Measures a generator and writes the line. Throws ERR_DATA for samples that are no images, ERR_OUTPUT. */
  async add(
    judge: Judge,
    generator: Generator,
    at: { readonly step: number; readonly samples: number; readonly seed: number },
  ): Promise<Evaluation> {
    const { step, samples, seed } = at;
    const values = flat(await judge.evaluate(generator, samples, seed));
    const line = { step, network: judge.network, samples, reals: judge.reals, values };
    try {
      await appendFile(this.#path, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      const what = `Expected a writable file for evaluations but received ${show(this.#path)}`;
      throw new SparringError("ERR_OUTPUT", `${what} (${reason(cause)})`, { cause });
    }
    return line;
  }

  /** Those that are there; a line that was cut short, or that a stranger wrote, is none. */
  async list(): Promise<Evaluation[]> {
    const text = await textIn(this.#path);
    return text.split("\n").flatMap((line) => {
      try {
        const found: unknown = JSON.parse(line);
        return isEvaluation(found) ? [found] : [];
      } catch {
        return [];
      }
    });
  }

  /** Leaves out those after `step`, of steps that are going to be done again. Returns what is left. */
  async cut(step: number): Promise<Evaluation[]> {
    const all = await this.list();
    const kept = all.filter((one) => one.step <= step);
    if (all.length > 0)
      await writeWhole(this.#path, [kept.map((one) => `${JSON.stringify(one)}\n`).join("")]);
    return kept;
  }
}

function isEvaluation(found: unknown): found is Evaluation {
  if (typeof found !== "object" || found === null) return false;
  const { step, values } = found as Partial<Evaluation>;
  return Number.isSafeInteger(step) && typeof values === "object" && values !== null;
}

/** The numbers of all metrics, side by side. */
function flat(scores: Scores): Record<string, number> {
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
