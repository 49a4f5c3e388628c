// A signal on ranks that write a checkpoint after each step: all stop after the same one, and nothing is half written.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { allEnded, runCliRanks, startCliRanks } from "../helpers/ranks.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(join(folder.path, "data"), 130);
});
afterAll(() => folder.remove());

const train =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 1 --checkpoint-every 1";

// One alone, and all of them, as torchrun and Slurm do.
it.each([
  ["one", [1], [75, 143]],
  ["all", [0, 1], [143, 143]],
])("SIGTERM to %s ends all, though each step is the last before a log", async (out, who, codes) => {
  const ranks = await startCliRanks(2, `${train} --steps 100000 --out ${out}`, folder.path);
  await ranks[0]?.says(/\[Epoch 1\//);
  for (const rank of who) ranks[rank]?.child.kill("SIGTERM");
  expect((await allEnded(ranks)).map(({ code }) => code)).toEqual(codes);
  const summary = JSON.parse(await readFile(join(folder.path, out, "summary.json"), "utf8"));
  const checkpoint = `checkpoints/${String(summary.step).padStart(6, "0")}`;
  expect(summary).toMatchObject({ state: "stopped", checkpoint });
  const more = `train --resume ${out} --steps ${summary.step + 2}`;
  for (const rank of await runCliRanks(2, more, folder.path))
    expect(rank).toMatchObject({ code: 0 });
});
