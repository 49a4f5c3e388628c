// A checkpoint in the place of an older one: wherever the work is cut off, one of the two is there, whole.
import type * as fs from "node:fs/promises";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Generator, Trainer } from "../../lib/index.js";
import { freshPaths } from "../helpers/checkpoints.js";
import { start } from "../helpers/cli.js";
import { fingerprintOf } from "../helpers/presets.js";
import { labelledImages, losses, tinyTrainer } from "../helpers/training.js";

// The power goes after so many changes to the disk: what comes then does not happen, cleaning up included.
const power = { left: Number.POSITIVE_INFINITY };
const gone = () => Object.assign(new Error("EIO: no power"), { code: "EIO", syscall: "power" });
vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof fs>();
  const cut = <T extends unknown[], R>(work: (...given: T) => Promise<R>) =>
    (async (...given: T) => {
      if (power.left-- <= 0) throw gone();
      return work(...given);
    }) as typeof work;
  return {
    ...real,
    ...{ rename: cut(real.rename), mkdir: cut(real.mkdir), rm: cut(real.rm) },
    rmdir: cut(real.rmdir),
    open: async (...given: Parameters<typeof real.open>) => {
      const file = await real.open(...given);
      const { writeFile, sync } = file;
      file.sync = cut(() => sync.apply(file));
      file.writeFile = async (content) => {
        const isOut = power.left-- <= 0;
        // Half of it has arrived.
        const half = (content as Uint8Array).length / 2;
        await writeFile.call(file, isOut ? (content as Uint8Array).slice(0, half) : content);
        if (isOut) throw gone();
      };
      return file;
    },
  };
});

const fresh = await freshPaths();
const data = await labelledImages(32);
afterEach(() => {
  power.left = Number.POSITIVE_INFINITY;
});

const replace = { replace: true };
const files = ["checkpoint.json", "discriminator.safetensors", "generator.safetensors"];
const contents = [...files, "training.safetensors"];

/** A trainer after so many steps. */
async function after(steps: number, options = {}): Promise<Trainer> {
  const trainer = tinyTrainer(options);
  await losses(trainer, data, steps);
  return trainer;
}
const [older, newer, newest] = [
  await after(2, { ema: { decay: 0.9 } }),
  await after(3),
  await after(4),
];

const drawnOf = async (generator: Generator) => (await generator.sample(2, { seed: 1 })).data;

describe("a checkpoint that takes the place of an older one", () => {
  it("is there from one moment on, before which the older one is, wherever the power goes", async () => {
    const [before, then] = [await fingerprintOf(older), await fingerprintOf(newer)];
    const drawn = new Map([
      [before, await drawnOf(older.ema as Generator)],
      [then, await drawnOf(newer.generator)],
    ]);
    const good = fresh();
    await older.save(good);
    await writeFile(`${good}/notes.txt`, "the good one");
    const found: string[] = [];
    for (let changes = 0, whole = false; !whole; ++changes) {
      const path = fresh();
      await cp(good, path, { recursive: true });
      power.left = changes;
      whole = await newer.save(path, replace).then(
        () => true,
        () => false,
      );
      power.left = Number.POSITIVE_INFINITY;
      const print = await fingerprintOf(await Trainer.load(path));
      found.push(print);
      expect(await drawnOf(await Generator.load(path))).toEqual(drawn.get(print));
      // What was left is finished or removed, and nobody else's file is.
      await newest.save(path, replace);
      expect(await fingerprintOf(await Trainer.load(path))).toBe(await fingerprintOf(newest));
      expect((await readdir(path)).toSorted()).toEqual([...contents, "notes.txt"].toSorted());
    }
    const first = found.indexOf(then);
    expect(found).toEqual(found.map((_, i) => (i < first ? before : then)));
    // Most of the changes come before that moment, some after it.
    expect(first).toBeGreaterThan(10);
    expect(found.length - first).toBeGreaterThan(5);
  });

  it("leaves the older one, and nothing else, where it cannot be written", async () => {
    const path = fresh();
    await older.save(path);
    power.left = 6;
    const refused = newer.save(path, replace);
    await expect(refused).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: expect.stringContaining("for path but received"),
    });
    power.left = Number.POSITIVE_INFINITY;
    expect(await fingerprintOf(await Trainer.load(path))).toBe(await fingerprintOf(older));
  });

  it("is a new folder where there is none, or an empty one", async () => {
    const [none, empty] = [`${fresh()}/latest`, fresh()];
    await mkdir(empty);
    for (const path of [none, empty]) {
      await newer.save(path, replace);
      expect((await readdir(path)).toSorted()).toEqual(contents);
    }
  });

  it("goes where a link leads, and leaves the link", async () => {
    const path = fresh();
    await older.save(`${path}/1`);
    await symlink("1", `${path}/latest`);
    await newer.save(`${path}/latest`, replace);
    expect(await fingerprintOf(await Trainer.load(`${path}/1`))).toBe(await fingerprintOf(newer));
    expect((await readdir(path)).toSorted()).toEqual(["1", "latest"]);
  });

  it("is the last of several that nobody awaits", async () => {
    const path = fresh();
    // However each of them writes the place.
    const ways = [path, relative(".", path), `${path}/.`] as const;
    const all = [older, newer, newest].map((one, i) => one.save(ways[i] as string, replace));
    await Promise.all(all);
    expect(await fingerprintOf(await Trainer.load(path))).toBe(await fingerprintOf(newest));
    expect((await readdir(path)).toSorted()).toEqual(contents);
  });

  it("never looks damaged to somebody who reads meanwhile", async () => {
    const path = fresh();
    await older.save(path);
    let writing = true;
    const written = (async () => {
      for (let i = 0; i < 20; ++i) await [newer, older][i % 2]?.save(path, replace);
      writing = false;
    })();
    const steps = new Set<number>();
    while (writing) steps.add((await Trainer.load(path)).step);
    await written;
    expect([...steps].toSorted()).toEqual([2, 3]);
  });
});

describe("what is no checkpoint is not replaced", () => {
  const refusal = (path: string, why: string) => ({
    code: "ERR_OUTPUT",
    message: `Expected a new folder, or a checkpoint to replace, that can be written for path but received "${path}" (${why})`,
  });

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    [
      "a folder of something else",
      (path) => writeFile(`${path}/thesis.tex`, "42"),
      "checkpoint.json: no such file or folder",
    ],
    [
      "a checkpoint whose manifest is damaged",
      (path) => writeFile(`${path}/checkpoint.json`, "{"),
      "checkpoint.json is not a JSON object",
    ],
    [
      "one that a later version wrote",
      (path) =>
        writeFile(
          `${path}/checkpoint.json`,
          JSON.stringify({ format: "sparring checkpoint", version: 2 }),
        ),
      "its format is version 2; this Sparring reads 1 to 1",
    ],
  ])("%s", async (_, fill, why) => {
    const path = fresh();
    await mkdir(path);
    await fill(path);
    const [name] = (await readdir(path)) as [string];
    const before = await readFile(`${path}/${name}`);
    await expect(newer.save(path, replace)).rejects.toMatchObject(refusal(path, why));
    expect(await readdir(path)).toEqual([name]);
    expect(await readFile(`${path}/${name}`)).toEqual(before);
  });

  it("the folder of a run: its newest checkpoint is named", async () => {
    const path = fresh();
    await older.save(`${path}/checkpoints/000002`);
    const why = `the newest checkpoint in it is "${path}/checkpoints/000002"`;
    await expect(newer.save(path, replace)).rejects.toMatchObject(refusal(path, why));
    expect(await readdir(path)).toEqual(["checkpoints"]);
  });

  it("a file", async () => {
    const path = fresh();
    await writeFile(path, "42");
    await expect(newer.save(path, replace)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
    expect(await readFile(path, "utf8")).toBe("42");
  });
});

it("a script that keeps one checkpoint is killed again and again, and loses no step that it saved", async () => {
  const script = fileURLToPath(new URL("latest.mjs", import.meta.url));
  const [path, calm] = [fresh(), fresh()];
  const run = (to: string) => start(process.execPath, [script, to, "400"], dirname(to));
  expect((await run(calm).ended).code).toBe(0);
  let before = 0;
  for (let kill = 0; kill < 5; ++kill) {
    const { child, says, ended } = run(path);
    await says(/\n/);
    await new Promise((resolve) => setTimeout(resolve, 13 * kill));
    child.kill("SIGKILL");
    const told = (await ended).stdout.trim().split("\n").map(Number);
    const { step } = await Trainer.load(path);
    expect(told[0]).toBe(before + 1);
    // One more may be whole that it had no time to tell of.
    expect([told.at(-1), (told.at(-1) as number) + 1]).toContain(step);
    before = step;
  }
  expect((await run(path).ended).code).toBe(0);
  for (const name of contents)
    expect(await readFile(`${path}/${name}`), basename(name)).toEqual(
      await readFile(`${calm}/${name}`),
    );
  expect((await readdir(path)).toSorted()).toEqual(contents);
});
