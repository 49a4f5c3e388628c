// What TensorBoard shows of a run: its ticks as scalars, its sample grids as images. One file a
// session, in the run's folder.
import { hostname } from "node:os";
import { join } from "node:path";
import { beginning, picture, scalars, sessionStart } from "../tensorboard/events.js";
import { namesIn } from "../files.js";
import { append } from "./append.js";
import type { Evaluation } from "./evaluations.js";
import type { RunTick } from "./tick.js";

export class TensorBoardLog {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Begins a file for this session: the file of one that was killed may end in half a record.
   * Throws ERR_OUTPUT.
   *
   * @param step steps done; what earlier sessions told of later ones does not count any more
   */
  static async open(folder: string, step: number): Promise<TensorBoardLog> {
    // Readers take the files of a folder in the order of their names, also where the clock went
    // back, as that of another machine may be behind.
    const before = (await namesIn(folder)).map((name) =>
      Number(/tfevents\.(\d+\.\d+)\./.exec(name)?.[1] ?? 0),
    );
    const now = Math.max(Date.now() / 1000, ...before.map((time) => time + 0.001));
    const time = now.toFixed(3).padStart(14, "0");
    const host = hostname().replace(/[^\w-]/g, "_");
    const log = new TensorBoardLog(
      join(folder, `events.out.tfevents.${time}.${host}.${process.pid}`),
    );
    await log.#append(beginning());
    if (step > 0) await log.goBack(step);
    return log;
  }

  /** Tells that steps after `step` are going to be done again. */
  async goBack(step: number): Promise<void> {
    await this.#append(sessionStart(step + 1));
  }

  async tick({ step, health, ...tick }: RunTick): Promise<void> {
    const looked = Object.entries(health ?? {}).map(([name, value]) => [`health/${name}`, value]);
    const figures = {
      "loss/discriminator": tick.discriminatorLoss,
      "loss/generator": tick.generatorLoss,
      "penalty/discriminator": tick.discriminatorPenalty,
      "penalty/generator": tick.generatorPenalty,
      "learningRate/discriminator": tick.discriminatorLearningRate,
      "learningRate/generator": tick.generatorLearningRate,
      "speed/imagesPerSecond": tick.imagesPerSecond,
      ...Object.fromEntries(looked),
    };
    await this.#append(scalars(step, figures));
  }

  async evaluation({ step, values }: Evaluation): Promise<void> {
    const named = Object.entries(values).map(([name, value]) => [`evaluation/${name}`, value]);
    await this.#append(scalars(step, Object.fromEntries(named)));
  }

  async samples(step: number, png: Uint8Array): Promise<void> {
    await this.#append(picture(step, "samples", png));
  }

  async #append(record: Uint8Array): Promise<void> {
    await append(this.#path, "TensorBoard's events", record);
  }
}
