// n ranks train as one does, and a checkpoint of some goes on with others.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auxiliaryTable } from "../../lib/auxiliaries/table.js";
import { objectiveTable } from "../../lib/objectives/table.js";
import { penaltyTable } from "../../lib/penalties/table.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { allEnded, runAlone, runRanks, startRanks } from "../helpers/ranks.js";
import { savedWeights, distance } from "../helpers/saved.js";
import { games } from "./games.mjs";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const fine = { code: 0, stderr: "" };

/** The weights of both players in a checkpoint, one after the other. */
const weights = (checkpoint: string) => savedWeights(join(folder.path, checkpoint));

it("the games are of every objective, penalty and auxiliary that there is", () => {
  const played = JSON.stringify(Object.values(games).map(({ objective }) => objective));
  for (const table of [objectiveTable, penaltyTable, auxiliaryTable])
    for (const type of Object.keys(table)) expect(played).toContain(`{"type":"${type}"`);
  for (const divergence of ["kl", "reverseKl", "pearson", "jensenShannon"])
    expect(played).toContain(`"divergence":"${divergence}"`);
});

describe("n ranks with batch B/n and one rank with batch B", () => {
  const executions = ["fused", "eager"];
  let names: string[];
  beforeAll(async () => {
    const out = (name: string) => ({ out: join(folder.path, name), executions });
    const alone = await runAlone("train", out("1"));
    expect(alone).toMatchObject(fine);
    const losses = JSON.parse(alone.stdout);
    names = Object.keys(losses);
    for (const size of [2, 4]) {
      for (const rank of await runRanks(size, "train", out(String(size)))) {
        expect(rank).toMatchObject(fine);
        const told: Record<string, number[]> = JSON.parse(rank.stdout);
        for (const [name, values] of Object.entries(told))
          for (const [i, value] of values.entries())
            expect(value, name).toBeCloseTo(losses[name][i], 4);
      }
    }
  });

  it.each([2, 4])(
    "%i of them have equal weights after 50 steps, whatever they play",
    async (size) => {
      expect(names.length).toBe(2 * 34);
      for (const name of names) {
        const apart = distance(await weights(`${size}/${name}`), await weights(`1/${name}`));
        expect(apart, name).toBeLessThan(5e-5);
      }
    },
  );
});

describe.each(["convolutional", "syncDcgan"])("a checkpoint of two ranks: %s", (game) => {
  beforeAll(async () => {
    const at = (name: string) => join(folder.path, `${game}-${name}`);
    for (const given of [
      { game, steps: 50, to: at("whole") },
      { game, steps: 30, to: at("half") },
      { steps: 20, from: at("half"), to: at("on-2") },
    ])
      for (const rank of await runRanks(2, "resume", given)) expect(rank).toMatchObject(fine);
    expect(await runAlone("resume", { steps: 20, from: at("half"), to: at("on-1") })).toMatchObject(
      fine,
    );
    for (const rank of await runRanks(4, "resume", { steps: 20, from: at("half"), to: at("on-4") }))
      expect(rank).toMatchObject(fine);
  });

  it("goes on with two bit for bit", async () => {
    expect(await weights(`${game}-on-2`)).toEqual(await weights(`${game}-whole`));
  });

  it.each(["on-1", "on-4"])("goes on with another number: %s", async (name) => {
    const [ours, theirs] = [await weights(`${game}-${name}`), await weights(`${game}-whole`)];
    expect(distance(ours, theirs)).toBeLessThan(5e-5);
  });
});

it.each(["convolutional", "syncDcgan"])(
  "other optimizers on two ranks are what a checkpoint goes on with: %s",
  async (game) => {
    const to = join(folder.path, `optimize-${game}`);
    for (const rank of await runRanks(2, "optimize", { game, lr: 0.001, to }))
      expect(rank).toMatchObject(fine);
    const files = (await readdir(`${to}-place`)).toSorted();
    expect(files).toContain("training.safetensors");
    for (const name of files)
      expect(await readFile(join(`${to}-place`, name)), name).toEqual(
        await readFile(join(`${to}-loaded`, name)),
      );
    expect(await weights(`optimize-${game}-place`)).not.toEqual(
      await weights(`optimize-${game}-half`),
    );
  },
);

it("ranks read their rows of images on the disk as they would from memory", async () => {
  const root = join(folder.path, "images");
  await writeTree(
    root,
    Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`${i}.png`, 11 * i])),
  );
  const given = (resident: boolean) => {
    const options = { size: 8, channels: 1, cache: `${root}.packed`, resident };
    return { steps: 20, folder: [root, options], to: join(folder.path, `resident-${resident}`) };
  };
  // The first of them packs the folder.
  for (const rank of [
    await runAlone("resume", given(true)),
    ...(await runRanks(2, "resume", given(false))),
  ])
    expect(rank).toMatchObject(fine);
  expect(distance(await weights("resident-false"), await weights("resident-true"))).toBeLessThan(
    5e-5,
  );
});

it("ranks train on rows of vectors as one does", async () => {
  const to = (size: number) => ({ to: join(folder.path, `points-${size}`) });
  for (const rank of [await runAlone("points", to(1)), ...(await runRanks(2, "points", to(2)))])
    expect(rank).toMatchObject(fine);
  expect(distance(await weights("points-2"), await weights("points-1"))).toBeLessThan(5e-5);
});

it("ranks train on a part of a dataset as one does, and only on the same", async () => {
  const to = (size: number) => ({
    to: join(folder.path, `part-${size}`),
    steps: 20,
    seeds: [3, 3],
  });
  for (const rank of [await runAlone("resume", to(1)), ...(await runRanks(2, "resume", to(2)))])
    expect(rank).toMatchObject(fine);
  expect(distance(await weights("part-2"), await weights("part-1"))).toBeLessThan(5e-5);
  for (const rank of await runRanks(2, "resume", { ...to(2), seeds: [3, 4] }))
    expect(rank.stderr).toMatch(/^ERR_RANK: /);
});

it("a signal on one rank stops all after the same step", async () => {
  const ranks = await startRanks(3, "run", { rank1: { stopAt: 20 }, tickEvery: 1 });
  const ends = await allEnded(ranks);
  expect(ends[1]?.stderr).toBe("Error: enough at 20\n");
  // Its tick of step 20 is heard of while the next steps are under way: which one is the last, time tells.
  expect(ends[0]?.stderr).toMatch(
    /^ERR_STOPPED: Training was stopped by another rank, after step 2[0-9]\n$/,
  );
  expect(ends[2]?.stderr).toBe(ends[0]?.stderr);
});
