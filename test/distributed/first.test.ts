// What rank 0 alone uses: the other ranks, on machines of their own, need not have it.
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { runCliRanks } from "../helpers/ranks.js";

const means = fileURLToPath(new URL("../reference/torch-script/means.pt", import.meta.url));
const quiet = { code: 0, stdout: "", stderr: "" };
const options = {
  ...{ preset: "mlp", size: 8, batch: 32, threads: 1, seed: 1, steps: 10 },
  ...{ checkpointEvery: 5, evaluateEvery: 5, evaluateSamples: 80 },
};
const flags =
  "--preset mlp --size 8 --batch 32 --threads 1 --seed 1 --steps 10 --checkpoint-every 5 --evaluate-every 5 --evaluate-samples 80";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

/** Trains by the first line on rank 0, and by the second on rank 1. */
const trainBy = (first: string, second: string) =>
  runCliRanks(2, first, folder.path, { 1: { words: second } });

/** The steps at which a run was judged. */
async function judged(run: string): Promise<number[]> {
  const lines = (await readFile(at(run, "evaluations.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line).step);
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  await cp(means, at("net.pt"));
  await mkdir(at("elsewhere"));
  const text = JSON.stringify({ ...options, data: at("data"), evaluateFeatures: "net.pt" });
  // Of its folder's net.pt, which rank 1 has not.
  for (const name of ["run.json", "elsewhere/run.json"]) await writeFile(at(name), text);
  // Nobody can look what is there.
  await symlink("loop", at("loop"));
});
afterAll(() => folder.remove());

it("the network that judges, and the run folder, are those of rank 0", async () => {
  const line = `train --data data ${flags}`;
  const [first, second] = await trainBy(
    `${line} --evaluate-features net.pt --out judged`,
    `${line} --evaluate-features nowhere.pt --out /proc/none`,
  );
  expect(first).toMatchObject({ code: 0 });
  expect(second).toEqual(quiet);
  expect(await judged("judged")).toEqual([5, 10]);
});

it("so is the network that a config file names", async () => {
  const [first, second] = await trainBy(
    "train run.json --out filed",
    "train elsewhere/run.json --out filed",
  );
  expect(first).toMatchObject({ code: 0 });
  expect(second).toEqual(quiet);
  expect(await judged("filed")).toEqual([5, 10]);
});

it("so are both where the run goes on", async () => {
  const line = `train --data data ${flags.replace("--evaluate-every 5", "--evaluate-every 0")}`;
  const ends = await trainBy(`${line} --out went`, `${line} --out went`);
  for (const { code } of ends) expect(code).toBe(0);
  const more = "--steps 20 --evaluate-every 5 --evaluate-features";
  const [first, second] = await trainBy(
    `train --resume went ${more} net.pt`,
    `train --resume /proc/none ${more} nowhere.pt`,
  );
  expect(first).toMatchObject({ code: 0 });
  expect(second).toEqual(quiet);
  expect(await judged("went")).toEqual([15, 20]);
});

// Of one channel, by another preset than the usual one, with an average: the others need to know.
it("so is the run to begin from", async () => {
  const steps = "--batch 8 --threads 1 --steps 4 --checkpoint-every 2";
  const learn = `train --preset stylegan2 --data data --size 8 --seed 1 ${steps} --out learnt`;
  expect(await runCli(learn.split(" "), folder.path)).toMatchObject({ code: 0 });
  const levels = Array.from({ length: 20 }, (_, i) => [`${i}.png`, 12 * i] as const);
  await writeTree(at("colours"), Object.fromEntries(levels));
  const line = `train --data colours --seed 2 ${steps} --restartable`;
  for (const rank of await trainBy(
    `${line} --out near --from learnt`,
    `${line} --out near --from learnt`,
  ))
    expect(rank).toMatchObject({ code: 0 });
  const [first, second] = await trainBy(
    `${line} --out far --from learnt`,
    `${line} --out far --from nowhere`,
  );
  expect(first).toMatchObject({ code: 0 });
  expect(second).toEqual(quiet);
  expect(await contentsOf(at("far"))).toEqual(await contentsOf(at("near")));
  const config = JSON.parse(await readFile(at("far/config.json"), "utf8"));
  expect(config).toMatchObject({ preset: "stylegan2", size: 8, channels: 1, from: at("learnt") });
});

it("a run that its launcher starts again needs the run that it began from no more", async () => {
  await cp(at("learnt"), at("teacher"), { recursive: true });
  const line = "train --data data --batch 8 --threads 1 --out pupil --from teacher --steps";
  const again = { 0: { env: { TORCHELASTIC_MAX_RESTARTS: "1" } } };
  for (const steps of [2, 4]) {
    const [alone] = await runCliRanks(1, `${line} ${steps}`, folder.path, again);
    expect(alone).toMatchObject({ code: 0 });
    await rm(at("teacher"), { recursive: true, force: true });
  }
});

it("a rank that does not begin from a run is told so, and so is rank 0", async () => {
  const line = `train --data data --batch 8 --threads 1 --steps 4`;
  const ends = await trainBy(`${line} --out none --from learnt`, `${line} --size 8`);
  const told = "Expected true, as rank 0 has it, for from of rank 1 but received false";
  expect(ends.map(({ stderr }) => stderr)).toEqual([`rank 0: ${told}\n`, `rank 1: ${told}\n`]);
});

it("rank 0 is told that there is no such run, and so are all", async () => {
  const line = `train --data data --batch 8 --threads 1 --steps 4 --out none`;
  const [first, second] = await trainBy(`${line} --from nowhere`, `${line} --from learnt`);
  expect(first).toMatchObject({ code: 2, stderr: expect.stringContaining("nowhere") });
  const told = "Expected all 2 ranks to take part but received an error of rank 0: ";
  expect(second).toEqual({
    code: 1,
    stdout: "",
    stderr: first?.stderr.replace("rank 0: ", `rank 1: ${told}`),
  });
});

it("a rank that may be restarted does not look for the folder of rank 0", async () => {
  const line = `train --data data ${flags} --restartable --out`;
  const [first, second] = await trainBy(`${line} restarted`, `${line} loop`);
  expect(first).toMatchObject({ code: 0 });
  expect(second).toEqual(quiet);
});

it("rank 0 is told that its network is not there, and so are all", async () => {
  const line = `train --data data ${flags} --out none --evaluate-features nowhere.pt`;
  const [first, second] = await trainBy(line, line);
  const sentence =
    'Expected classifier or a TorchScript file for --evaluate-features but received "nowhere.pt" (no such file or folder)';
  expect(first).toEqual({ code: 2, stdout: "", stderr: `rank 0: ${sentence}\n` });
  const told = `Expected all 2 ranks to take part but received an error of rank 0: ${sentence}`;
  expect(second).toEqual({ code: 1, stdout: "", stderr: `rank 1: ${told}\n` });
});
