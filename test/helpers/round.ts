// Ranks of this process that hear each other without a wire: what decides between them, by itself.
import { Group } from "../../lib/distributed/group.js";
import { SparringError } from "../../lib/errors.js";
import type { NativeGroup } from "../../lib/distributed/native.js";

export interface Round {
  readonly groups: readonly Group[];
  /** What native code was asked for, by rank. */
  readonly calls: readonly string[][];
}

/** A group of each rank. @param change what native code does otherwise, on every rank */
export function makeRound(size: number, change: Partial<NativeGroup> = {}): Round {
  const calls: string[][] = Array.from({ length: size }, () => []);
  let texts: string[] = [];
  let come: Array<(texts: string[]) => void> = [];
  let failure: string | undefined;
  const native = (rank: number): NativeGroup => ({
    greetings: [],
    async gather(text, call) {
      calls[rank]?.push(call);
      if (failure !== undefined) throw new SparringError("ERR_RANK", failure);
      texts[rank] = text;
      const all = new Promise<string[]>((resolve) => come.push(resolve));
      if (come.length === size) {
        for (const resolve of come) resolve(texts);
        [texts, come] = [[], []];
      }
      return all;
    },
    async abandon(reason) {
      calls[rank]?.push("abandon");
      failure = reason;
    },
    dispose: () => void calls[rank]?.push("dispose"),
    ...change,
  });
  const place = { worldSize: size, masterAddress: "here", masterPort: 1 };
  const groups = calls.map(
    (_, rank) => new Group({ ...place, rank, localRank: rank }, native(rank)),
  );
  return { groups, calls };
}
