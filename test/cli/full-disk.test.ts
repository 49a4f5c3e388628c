// A file that a command cannot write to its end, as on a disk that is full.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainFile, runCli, start } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(join(folder.path, "data"), 40);
  const words = "train --preset mlp --data data --size 8 --batch 8 --steps 1 --out run";
  expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

/** Runs it where no file may be longer than so many kilobytes. */
function runInLittle(words: string, kilobytes = 1) {
  const line = `ulimit -f ${kilobytes}; exec "${process.execPath}" "${mainFile}" ${words}`;
  return start("bash", ["-c", line], folder.path).ended;
}

describe("a file that there is no room for is refused as the option that named it, and not left", () => {
  it.each([
    ["sample", "a.png"],
    ["interpolate", "a.png"],
    ["interpolate", "a.gif"],
    ["export", "a.onnx"],
    ["export", "a.safetensors"],
  ])("%s --out %s", async (command, file) => {
    const before = await readdir(folder.path);
    const { code, stdout, stderr } = await runInLittle(`${command} run --out ${file}`);
    expect(stderr).toMatch(
      new RegExp(`^Expected a writable file for --out but received "${file}" \\(.+\\)\n$`),
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(await readdir(folder.path)).toEqual(before);
  });

  it("theory --out figures", async () => {
    const { code, stderr } = await runInLittle("theory theorem1 --steps 10 --out figures");
    const svg = join(folder.path, "figures/theorem1.svg");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`Expected a writable file for --out but received "${svg}" (`),
    ]);
    // There was room for the numbers of so short an experiment.
    expect(await readdir(join(folder.path, "figures"))).toEqual(["theorem1.json"]);
  });
});

describe("a training that there is no room for calls its files by what they are for", () => {
  const words = "train --preset mlp --data data --size 8 --batch 8 --steps 1 --no-tensorboard";

  it("the folder that it was to begin, and leaves none", async () => {
    const { code, stderr } = await runInLittle(`${words} --out none`);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^Expected a writable file for --out but received "none\/config\.json" \(.+\)\n$/,
      ),
    ]);
    expect(await readdir(folder.path)).not.toContain("none");
  });

  it("its samples", async () => {
    const { code, stderr } = await runInLittle(`${words} --out pictures`, 3);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nExpected a writable file for samples but received "pictures\/samples\/0\.png" \(.+\)\n$/,
    );
    expect(stderr).not.toContain("for path");
  });

  it("its checkpoints, without which it goes on, and its weights", async () => {
    const { code, stderr } = await runInLittle(`${words} --checkpoint-every 1 --out learned`, 200);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nNo checkpoint of step 1: Expected a new folder that can be written for a checkpoint but received "learned\/checkpoints\/000001" \(.+\)\n/,
    );
    expect(stderr).toMatch(
      /\nExpected a writable file for weights but received "learned\/weights\/generator\.safetensors" \(.+\)\n$/,
    );
    expect(stderr).not.toContain("for path");
  });
});
