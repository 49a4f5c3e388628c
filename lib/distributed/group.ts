import { addon, crossing, direct } from "../addon.js";
import * as check from "../check.js";
import { hasCode, refused } from "../errors.js";
import { reason } from "../reason.js";
import type { Call, NativeGroup } from "./native.js";
import { version } from "../version.js";
import { type Place, findLaunch, findPlace } from "./environment.js";

/** How ranks meet. Anything that is not given comes from the environment. */
export interface JoinOptions extends Partial<Place> {
  /** Seconds that each wait for the others lasts at most, from 1 to 86400. @default 300 */
  readonly timeout?: number | undefined;
}

/** @internal Seconds that a rank waits for the others, unless told otherwise. */
export const defaultTimeout = 300;

const known = [
  "rank",
  "worldSize",
  "localRank",
  "masterAddress",
  "masterPort",
  "timeout",
] as const satisfies readonly (keyof JoinOptions)[];

/** Processes that train one pair together. Made by join(). */
export class Group implements Disposable {
  /** This process's number among all ranks, from 0. */
  readonly rank: number;
  /** Processes in the group. */
  readonly worldSize: number;
  /** This process's number among those of its machine, from 0. */
  readonly localRank: number;
  /** @internal Whether a rank had a signal by the last step of all: they stop after the same one. */
  isStopping = false;
  readonly #native: NativeGroup;
  /** Trainers of this group, by the order in which all ranks began with them. */
  readonly #numbers = new WeakMap<object, number>();
  #trainers = 0;
  #training = false;
  #abandoned = false;
  #disposed = false;

  /** @internal */
  constructor(place: Place, native: NativeGroup) {
    this.rank = place.rank;
    this.worldSize = place.worldSize;
    this.localRank = place.localRank;
    this.#native = native;
  }

  /** @internal */
  get native(): NativeGroup {
    return this.#native;
  }

  /**
   * One text of each rank, by rank. All ranks have to call it, before or after a run or in its
   * loop, between two ticks.
   *
   * @throws ERR_RANK where a rank failed, is lost, or waits in another call; ERR_BUSY in the middle
   * of a tick
   */
  async gather(text: string): Promise<string[]> {
    check.string(text, "text");
    this.expectIdle("gather()");
    return crossing(() => this.#native.gather(text, "gather()"));
  }

  /**
   * Waits until all ranks are here, as gather() does: before one of them ends, and its connections
   * with it.
   *
   * @throws as gather() does
   */
  async barrier(): Promise<void> {
    this.expectIdle("barrier()");
    await crossing(() => this.#native.gather("", "barrier()"));
  }

  /**
   * @internal The steps of a tick, which nothing that the ranks do together may come between: each
   * is at another step.
   */
  async train<T>(trainer: object, steps: () => Promise<T>): Promise<T> {
    this.expectIdle("run()");
    this.#training = true;
    try {
      if (this.#trainers > 1) await this.#agreeOn(trainer);
      return await this.together(steps);
    } finally {
      this.#training = false;
    }
  }

  /** @internal Counts a trainer, on all ranks at the same time, before its first step. */
  admit(trainer: object): void {
    this.#numbers.set(trainer, this.#trainers++);
  }

  /**
   * Sums of two trainers that meet would be sums of nothing; where they differ in size, Gloo ends
   * the process.
   */
  async #agreeOn(trainer: object): Promise<void> {
    const own = String(this.#numbers.get(trainer));
    const all = await crossing(() => this.#native.gather(own, "run()"));
    const other = all.findIndex((one) => one !== all[0]);
    if (other === -1) return;
    const nth = (number: string | undefined) => `a step of trainer ${Number(number) + 1}`;
    const what = `${nth(all[0])}, as rank 0 is in it,`;
    throw refused("ERR_RANK", what, `rank ${other}`, nth(all[other]));
  }

  /**
   * @internal Work in which the ranks wait for each other. Where it fails on this one alone the
   * others hear why, and nothing is done together from then on: they are in the middle of it.
   */
  async together<T>(work: () => Promise<T>): Promise<T> {
    // Throws why: the work may not come to ask the others.
    if (this.#abandoned) await crossing(() => this.#native.gather("", "run()"));
    try {
      return await work();
    } catch (error) {
      if (!isOfAll(error)) await this.abandon(reason(error));
      throw error;
    }
  }

  /** @internal Tells the others that this rank failed, and leaves. Does not throw. */
  async abandon(sentence: string): Promise<void> {
    this.#abandoned = true;
    // What failed first is what its caller hears.
    await crossing(() => this.#native.abandon(sentence)).catch(() => {});
  }

  /** @internal */
  expectIdle(call: Call): void {
    if (!this.#training) return;
    throw refused("ERR_BUSY", "ranks between two ticks", call, "some in the middle of one");
  }

  /**
   * Leaves the group: ranks that wait for this one are told that it is lost. Calling it twice is
   * fine.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    direct(() => this.#native.dispose());
  }

  /** What `using` calls: dispose(). */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Meets the other ranks, over c10d's Gloo (NCCL for what is on GPUs), as
 * torch.distributed.init_process_group does: under the variables RANK, WORLD_SIZE, LOCAL_RANK,
 * MASTER_ADDR and MASTER_PORT, and torchrun's own; under mpirun and srun, MASTER_ADDR and
 * MASTER_PORT beside theirs. Resolves when all are there.
 *
 * @throws TypeError, RangeError for options and variables; ERR_RANK where ranks do not join within
 * the timeout, do not fit each other, or a port is in use
 */
export async function join(options: JoinOptions = {}): Promise<Group> {
  check.options(options, "options", known);
  const place = findPlace(options);
  const timeout = check.between(options.timeout ?? defaultTimeout, "timeout", 1, 86_400);
  const native = await meet(place, timeout);
  try {
    checkGreetings(native.greetings);
  } catch (error) {
    native.dispose();
    throw error;
  }
  return new Group(place, native);
}

/**
 * @internal Tells the others, who wait for this rank or will, why it does not come, as long as
 * native code leaves it for that. Does not throw: what failed first is what its caller hears.
 */
export async function decline(reason: string): Promise<void> {
  try {
    const place = findPlace({});
    if (place.worldSize > 1) await meet(place, defaultTimeout, reason);
  } catch {
    // Nobody came, or nobody knows where.
  }
}

function meet(place: Place, timeout: number, failure = ""): Promise<NativeGroup> {
  return crossing(() =>
    addon().joinGroup({
      rank: place.rank,
      size: place.worldSize,
      host: place.masterAddress,
      port: place.masterPort,
      hasAgent: findLaunch().hasAgent,
      prefix: "sparring",
      timeout: Math.round(1000 * timeout),
      greeting: describe(),
      failure,
    }),
  );
}

/** Whether all ranks throw it: those that are about to do different things, say. */
function isOfAll(error: unknown): boolean {
  return hasCode(error, "ERR_RANK");
}

/** Ranks of different versions may compute different things. */
function describe(): string {
  return `Sparring ${version()} on libtorch ${addon().libtorchVersion}`;
}

function checkGreetings(greetings: readonly string[]): void {
  const [first] = greetings;
  const other = greetings.findIndex((one) => one !== first);
  if (other === -1) return;
  const what = `${first}, as rank 0 has it,`;
  throw refused("ERR_RANK", what, `rank ${other}`, `${greetings[other]}`);
}
