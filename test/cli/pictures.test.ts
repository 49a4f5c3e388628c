// What `sparring sample` and `sparring interpolate` do where they are told little, by a small run.
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { writeIdxFolder } from "../helpers/idx.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, readJson, copy } = useRuns();

beforeAll(async () => {
  await writeIdxFolder(at("data"), 40);
  const small = "--data data --size 8 --batch 10 --threads 1 --seed 1 --checkpoint-every 1";
  expect(await run(`train --preset cgan ${small} --steps 3 --out run`)).toMatchObject({ code: 0 });
});

/** Runs a command that succeeds, with --json; what it told. */
async function told(line: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

it("a checkpoint may be named by its step, in either way", async () => {
  expect(await told("sample run --checkpoint 2 --out two.png")).toMatchObject({ step: 2 });
  expect(await told("sample run --checkpoint newest --out new.png")).toMatchObject({ step: 3 });
  expect(await run("sample run --checkpoint 7 --out no.png")).toMatchObject({
    code: 2,
    stderr: "Expected one of 1, 2, 3 for --checkpoint but received 7\n",
  });
});

it("an animation has 24 frames, there and back", async () => {
  expect(await told("interpolate run --out way.webp")).toMatchObject({ frames: 24, rows: 5 });
  expect(await sharp(at("way.webp"), { animated: true }).metadata()).toMatchObject({ pages: 46 });
});

it("rows take the classes in turn, and begin again", async () => {
  expect(await told("interpolate run --rows 12 --frames 2 --out rows.png")).toMatchObject({
    classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1],
  });
});

it("samples are drawn with the threads of the run, as far as there are processors", async () => {
  await copy("run", "wide");
  const config = await readJson("wide/config.json");
  await writeFile(at("wide/config.json"), JSON.stringify({ ...config, threads: 1000 }));
  const { code, stderr } = await run("sample wide --out wide.png");
  const processors = availableParallelism();
  const threads = `${processors} CPU thread${processors === 1 ? "" : "s"}`;
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^${threads} in place of the run's 1000, as `)),
  ]);
});
