// Places where no checkpoint is saved, and what is left behind there.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { freshPaths } from "../helpers/checkpoints.js";
import { labelledImages, losses, tinyTrainer } from "../helpers/training.js";

const fresh = await freshPaths();

describe("saving where something lies already", () => {
  let parent: string;
  beforeEach(async () => {
    parent = fresh();
    await mkdir(parent);
  });

  it("a folder that is not empty is left as it is", async () => {
    await writeFile(`${parent}/thesis.tex`, "42");
    await expect(tinyTrainer().save(parent)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: `Expected a new folder that can be written for path but received "${parent}" (it exists already)`,
    });
    expect(await readdir(parent)).toEqual(["thesis.tex"]);
  });

  it("a file in the way stays, and nothing else appears", async () => {
    await writeFile(`${parent}/file`, "42");
    await expect(tinyTrainer().save(`${parent}/file/checkpoint`)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: expect.stringMatching(/\(it exists already\)$/),
    });
    await expect(tinyTrainer().save(`${parent}/file`)).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: expect.stringMatching(/\(it is a file\)$/),
    });
    expect(await readdir(parent)).toEqual(["file"]);
  });

  it("an existing checkpoint is not replaced", async () => {
    const trainer = tinyTrainer();
    await trainer.save(`${parent}/one`);
    const manifest = await readFile(`${parent}/one/checkpoint.json`, "utf8");
    await losses(trainer, await labelledImages(16));
    await expect(trainer.save(`${parent}/one`)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
    expect(await readFile(`${parent}/one/checkpoint.json`, "utf8")).toBe(manifest);
    expect(await readdir(parent)).toEqual(["one"]);
  });
});

describe("a place that cannot be made", () => {
  // Node's own mkdir -p tries there without end.
  it.each(["/proc/nothing/here", "/sys/nothing/here"])("is refused: %s", async (path) => {
    await expect(tinyTrainer().save(path)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
  });
});
