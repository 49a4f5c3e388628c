// Classes that a run's data have names for: pictures are asked for by them.
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string): Promise<Ended> => runCli(line.split(" "), folder.path);
const pixels = async (path: string) => (await sharp(at(path)).raw().toBuffer()).toString("hex");

/** Runs a command that succeeds, with --json; what it told. */
async function told(line: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await sparring(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("classes that have names", () => {
  beforeAll(async () => {
    folder = await makeFolder();
    const files = Array.from({ length: 40 }, (_, i) => [`${i % 2 ? "dogs" : "cats"}/${i}.png`, i]);
    await writeTree(at("pets"), Object.fromEntries(files));
    for (const preset of ["cgan", "infogan"]) {
      const options = "--data pets --size 8 --batch 10 --threads 1 --seed 1 --steps 1";
      const line = `train --preset ${preset} ${options} --out pets-${preset}`;
      expect((await sparring(line)).code).toBe(0);
    }
  });
  afterAll(() => folder.remove());

  it("are chosen by their names as by their numbers", async () => {
    const config = JSON.parse(await readFile(at("pets-cgan/config.json"), "utf8"));
    expect(config.classNames).toEqual(["cats", "dogs"]);
    expect(await told("sample pets-cgan --class dogs --out dogs.png")).toMatchObject({ class: 1 });
    expect(await told("sample pets-cgan --class 1 --out one.png")).toMatchObject({ class: 1 });
    expect(await pixels("dogs.png")).toBe(await pixels("one.png"));
    const way = "interpolate pets-cgan --class cats --rows 2 --out way.png";
    expect(await told(way)).toMatchObject({ classes: [0, 0] });
  });

  it.each([
    [
      "sample pets-cgan --class birds",
      'Expected a class (cats, dogs) or its number from 0 to 1 for --class but received "birds"',
    ],
    // Those that an InfoGAN found are not those of the folders.
    [
      "sample pets-infogan --class dogs",
      'Expected a whole number from 0 to 9 for --class but received "dogs"',
    ],
  ])("%s", async (line, sentence) => {
    const { code, stdout, stderr } = await sparring(`${line} --out g.png`);
    expect([code, stdout, stderr]).toEqual([2, "", `${sentence}\n`]);
  });

  it("go with the images of a config, or it is none", async () => {
    await cp(at("pets-cgan"), at("renamed"), { recursive: true });
    const config = JSON.parse(await readFile(at("renamed/config.json"), "utf8"));
    for (const classNames of [["cats"], "cats", [1, 2]]) {
      await writeFile(at("renamed/config.json"), JSON.stringify({ ...config, classNames }));
      for (const line of ["sample renamed --out g.png", "train --resume --out renamed"])
        expect((await sparring(line)).stderr).toContain(
          "its config.json: Expected null or an array of 2 strings for classNames but received ",
        );
    }
  });
});
