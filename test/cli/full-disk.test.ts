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

/** Runs it where no file may be longer than a kilobyte. */
function runInLittle(words: string) {
  const line = `ulimit -f 1; exec "${process.execPath}" "${mainFile}" ${words}`;
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
