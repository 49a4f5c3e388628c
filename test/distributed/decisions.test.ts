// What ranks decide among themselves, whatever they are connected by.
import { afterEach, describe, expect, it, vi } from "vitest";
import { mayRestart } from "../../lib/cli/ranks.js";
import { agree } from "../../lib/distributed/agreement.js";
import type { Group } from "../../lib/distributed/group.js";
import { SparringError } from "../../lib/errors.js";
import { Team } from "../../lib/run/team.js";
import type { NativeTrainer } from "../../lib/native.js";
import { Ranks } from "../../lib/trainer/ranks.js";
import { bad } from "../helpers/misuse.js";
import { makeRound } from "../helpers/round.js";

describe("a group", () => {
  const disk = new SparringError("ERR_OUTPUT", "the disk is full");

  it("tells the others what failed on one, and that one what failed first from then on", async () => {
    const { groups, calls } = makeRound(2);
    const [group] = groups as [Group];
    await expect(group.together(() => Promise.reject(disk))).rejects.toBe(disk);
    expect(calls[0]).toEqual(["abandon"]);
    const work = vi.fn(async () => "done");
    await expect(group.together(work)).rejects.toThrow("the disk is full");
    expect(work).not.toHaveBeenCalled();
  });

  it("does not tell the others what all of them hear", async () => {
    const { groups, calls } = makeRound(2);
    const lost = new SparringError("ERR_RANK", "rank 1 is lost");
    await expect((groups[0] as Group).together(() => Promise.reject(lost))).rejects.toBe(lost);
    expect(calls[0]).toEqual([]);
  });

  it("says what failed first where the others cannot be told", async () => {
    const abandon = () => Promise.reject(new SparringError("ERR_DISPOSED", "gone"));
    const [group] = makeRound(2, { abandon }).groups as [Group];
    await expect(group.together(() => Promise.reject(disk))).rejects.toBe(disk);
  });

  it("lets no steps of another trainer into a tick", async () => {
    const [group] = makeRound(1).groups as [Group];
    let end = () => {};
    const tick = group.train({}, () => new Promise<void>((resolve) => (end = resolve)));
    await expect(group.train({}, async () => {})).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: "Expected ranks between two ticks for run() but received some in the middle of one",
    });
    end();
    await tick;
    expect(await group.train({}, async () => 5)).toBe(5);
  });

  it("takes nothing but text, and is left once", async () => {
    const { groups, calls } = makeRound(1);
    const [group] = groups as [Group];
    await expect(group.gather(bad(5))).rejects.toThrow(
      new TypeError("Expected a non-empty string for text but received 5"),
    );
    group.dispose();
    group.dispose();
    expect(calls[0]).toEqual(["dispose"]);
  });
});

describe("what all are about to do", () => {
  const agreed = (plans: readonly unknown[]) =>
    Promise.allSettled(
      makeRound(plans.length).groups.map((group, rank) => agree(group, plans[rank])),
    );

  it("is compared whatever the order of its keys", async () => {
    const ends = await agreed([
      { steps: 5, batch: 8 },
      { batch: 8, steps: 5 },
    ]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("is refused on all by the first rank that differs, behind one with another order of keys", async () => {
    const ends = await agreed([
      { steps: 5, batch: 8 },
      { batch: 8, steps: 5 },
      { steps: 6, batch: 8 },
    ]);
    for (const end of ends)
      expect(end).toMatchObject({
        reason: {
          code: "ERR_RANK",
          message: "Expected 5, as rank 0 has it, for steps of rank 2 but received 6",
        },
      });
  });
});

it("a trainer that was where rank 0 is follows it from then on", async () => {
  const { groups } = makeRound(1);
  const native = { followRank0: async () => 7 } as NativeTrainer;
  const ranks = new Ranks(groups[0] as Group, native);
  expect(ranks.isFollowing).toBe(false);
  expect(await ranks.follow()).toBe(7);
  expect(ranks.isFollowing).toBe(true);
});

describe("a team", () => {
  it("of a process alone is one, and the first", async () => {
    const team = new Team();
    expect([team.size, team.isFirst]).toEqual([1, true]);
    expect(await team.tell(() => 5)).toBe(5);
    expect(await team.inTurn(async () => 6)).toBe(6);
  });

  it("has the first on a machine do what it leaves for the others, before they begin", async () => {
    const log: string[] = [];
    const teams = makeRound(3).groups.map((group) => new Team(group));
    const work = (rank: number) => async () => {
      log.push(`${rank} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push(`${rank} ends`);
    };
    await Promise.all(teams.toReversed().map((team, i) => team.inTurn(work(2 - i))));
    expect(log.slice(0, 2)).toEqual(["0 begins", "0 ends"]);
    expect(log.slice(2, 4).toSorted()).toEqual(["1 begins", "2 begins"]);
  });
});

describe("a command line", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    [{ SLURM_RESTART_COUNT: "1" }, false],
    [{ SLURM_RESTART_COUNT: "1", RANK: "0" }, true],
    [{ RANK: "0" }, false],
  ])("may come again where a launcher of ranks says so: %j, %s", (set, expected) => {
    for (const name of ["RANK", "WORLD_SIZE", "SLURM_RESTART_COUNT", "TORCHELASTIC_MAX_RESTARTS"])
      vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value);
    expect(mayRestart()).toBe(expected);
  });
});
