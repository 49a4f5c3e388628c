// What the ranks that train one pair do together, beside the sums of a step.
import { crossing } from "../addon.js";
import { describe } from "../checkpoint/save.js";
import type { Dataset } from "../data/dataset.js";
import { kindOf } from "../device.js";
import { agree } from "../distributed/agreement.js";
import type { Group } from "../distributed/group.js";
import type { SparringError } from "../errors.js";
import type { NativeReport, NativeTrainer } from "../native.js";
import type { TrainerSettings } from "./options.js";
import type { RunSettings } from "./run-options.js";

/** A trainer as one of several ranks. */
export class Ranks {
  readonly #group: Group;
  #native: NativeTrainer;
  #following = false;

  constructor(group: Group, native: NativeTrainer) {
    this.#group = group;
    this.#native = native;
  }

  /** Rank 0, which writes for all. */
  get isFirst(): boolean {
    return this.#group.rank === 0;
  }

  /** Whether this rank is where rank 0 is. */
  get isFollowing(): boolean {
    return this.#following;
  }

  /** Whether all ranks are about to do the same. Throws ERR_RANK where one is not, ERR_BUSY. */
  async agree(
    settings: TrainerSettings,
    dataset: Dataset,
    { signal, ...how }: RunSettings,
  ): Promise<void> {
    // Before anything is awaited: a tick that ends meanwhile would let one rank in, and not
    // another.
    this.#group.expectIdle("run()");
    // It is read on the disk, where the images may be broken on this machine alone.
    const data = await this.#group.together(() => crossing(() => dataset.native.fingerprint()));
    // Gloo sums what is on CPUs, NCCL what is on GPUs: they do not mix.
    const device = kindOf(settings.generator.device);
    await agree(this.#group, { ...describe(settings), device, data, ...how });
  }

  /**
   * Takes other optimizers, as all ranks do. Throws ERR_RANK where one is about to do something
   * else, and ERR_BUSY.
   */
  async change(optimizer: object, make: () => Promise<NativeTrainer>): Promise<NativeTrainer> {
    this.#group.expectIdle("setOptimizer()");
    await agree(this.#group, { optimizer }, "setOptimizer()");
    this.#native = await this.#group.together(make);
    return this.#native;
  }

  /**
   * Tells the others, who are about to begin a run, why this one does not, and throws it. Throws
   * ERR_BUSY, and tells nobody, where they are in the middle of a tick.
   */
  async refuse(why: SparringError): Promise<never> {
    this.#group.expectIdle("run()");
    return this.#group.together(() => Promise.reject(why));
  }

  /** Takes all that training changes over from rank 0. Returns the steps that are done there. */
  async follow(): Promise<number> {
    const step = await this.#group.together(() => crossing(() => this.#native.followRank0()));
    this.#group.admit(this);
    this.#following = true;
    return step;
  }

  /** The steps of a tick, with nothing between them that the ranks do together. */
  async train<T extends NativeReport | null>(steps: () => Promise<T>): Promise<T> {
    const report = await this.#group.train(this, steps);
    this.#group.isStopping = report?.stopped ?? false;
    return report;
  }

  /** Throws ERR_RANK where a rank has other weights. */
  async checkEqual(): Promise<void> {
    this.#group.expectIdle("save()");
    await this.#group.together(() => crossing(() => this.#native.checkEqual()));
  }
}
