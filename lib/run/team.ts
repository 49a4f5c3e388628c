// The processes that train one run together: the ranks of a group, or one alone.
import { agree } from "../distributed/agreement.js";
import type { Group } from "../distributed/group.js";

export class Team implements Disposable {
  /** Undefined where one process trains alone. */
  readonly group: Group | undefined;

  constructor(group?: Group) {
    this.group = group;
  }

  /** Rank 0, or the only one: keeps the folder, and decides for all. */
  get isFirst(): boolean {
    return this.group === undefined || this.group.rank === 0;
  }

  /** Processes in it. */
  get size(): number {
    return this.group?.worldSize ?? 1;
  }

  /**
   * Tells all what the first of them finds, as JSON has it. What it throws is thrown on rank 0
   * alone; the others hear of it by abandon().
   */
  async tell<T>(find: () => T | Promise<T>): Promise<T> {
    if (!this.isFirst) return this.hear<T>();
    const found = await find();
    await this.group?.gather(JSON.stringify({ found }));
    return found;
  }

  /** Hears, on another rank, what the first of them tells. */
  async hear<T>(): Promise<T> {
    const [told = "{}"] = (await this.group?.gather("{}")) ?? [];
    return (JSON.parse(told) as { found: T }).found;
  }

  /**
   * Does work that leaves something for the other ranks on its machine, as packed images: the first
   * there has done it before they begin.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { group } = this;
    if (group !== undefined && group.localRank > 0) await group.barrier();
    const result = await work();
    if (group?.localRank === 0) await group.barrier();
    return result;
  }

  /** Checks that all are about to do the same. Throws ERR_RANK, on every rank, where one is not. */
  async agree(plan: unknown): Promise<void> {
    if (this.group !== undefined) await agree(this.group, plan);
  }

  /** Tells the others why this rank ends. */
  async abandon(sentence: string): Promise<void> {
    await this.group?.abandon(sentence);
  }

  /** Leaves the group. */
  [Symbol.dispose](): void {
    this.group?.dispose();
  }
}
