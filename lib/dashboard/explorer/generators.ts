// The generators that were asked for last, loaded.
import { stat } from "node:fs/promises";
import { outOfRange } from "../../errors.js";
import { Checkpoints } from "../../run/checkpoints.js";
import { RunFolder } from "../../run/folder.js";
import { type GeneratorRequest, loadGenerator, type RunGenerator } from "../../run/generator.js";
import type { Naming } from "../../run/plan.js";

/** Which weights of which run. */
export interface WantedWeights {
  /** The run's folder. */
  readonly path: string;
  /** A checkpoint; the newest if null. */
  readonly step: number | null;
  readonly raw: boolean;
}

/** So many stay loaded; each is as large as its weights. */
const most = 4;

export class Generators implements Disposable {
  /** In the order in which they were last asked for. */
  readonly #loaded = new Map<string, RunGenerator>();

  /** The generator, loaded where it is not yet. Throws what loadGenerator() throws. */
  async get(wanted: WantedWeights): Promise<RunGenerator> {
    const { step, mark } = await find(wanted);
    const key = JSON.stringify([wanted.path, wanted.raw, mark]);
    const found =
      this.#loaded.get(key) ??
      (await loadGenerator({ run: wanted.path, raw: wanted.raw, step }, nameOf, () => {}));
    this.#loaded.delete(key);
    this.#loaded.set(key, found);
    for (const [oldest, { generator }] of this.#loaded) {
      if (this.#loaded.size <= most) break;
      generator.dispose();
      this.#loaded.delete(oldest);
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const { generator } of this.#loaded.values()) generator.dispose();
    this.#loaded.clear();
  }
}

const nameOf: Naming<GeneratorRequest> = (option) => (option === "run" ? "the run" : option);

/** The step to load, and what tells its weights from those of another run that has its name. */
async function find({
  path,
  step,
}: WantedWeights): Promise<{ step: number | undefined; mark: string }> {
  const folder = RunFolder.at(path);
  const all = await new Checkpoints(folder.checkpoints).list();
  const found = step === null ? all[0] : all.find((one) => one.step === step);
  if (found === undefined && step !== null) {
    const steps =
      all
        .map((one) => one.step)
        .reverse()
        .join(", ") || "nothing";
    throw outOfRange(`one of ${steps}`, "step", step);
  }
  const place = found?.path ?? folder.weights;
  const { ino, mtimeMs } = await stat(place).catch(() => ({ ino: 0, mtimeMs: 0 }));
  // Without a step the newest that is intact is loaded, which may be an older one.
  return { step: step === null ? undefined : step, mark: `${found?.step} ${ino} ${mtimeMs}` };
}
