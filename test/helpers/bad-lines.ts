// Bad command lines: one sentence, exit code 2, nothing left behind.
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { runCli } from "./cli.js";
import { makeFolder } from "./folder.js";
import { writeIdxFolder } from "./idx.js";

export const onePreset =
  "one of article, goodfellow2014, mlp, gan, cgan, dcgan, infogan, acgan, lsgan, ebgan, wgan, wgan-gp, dragan, sngan-hinge, ralsgan, sagan, stylegan2, r3gan";
export const port = (name: string, value: string) =>
  `Expected a whole number from 0 to 65535 for ${name} but received ${value}`;

/**
 * A folder to try command lines in, removed after the tests of a file, and the trial itself.
 * `data` holds 128 images of 8×8; `run` a run; `full` something else; `taken` a folder where a file
 * would be written; `file` is a file; `circle` a link to itself.
 */
export async function badLines() {
  const folder = await makeFolder();
  afterAll(() => folder.remove());
  const { path } = folder;
  await writeIdxFolder(join(path, "data"), 128);
  await mkdir(join(path, "run"));
  await writeFile(join(path, "run/config.json"), "{}");
  await mkdir(join(path, "full"));
  await writeFile(join(path, "full/letter.txt"), "keep me");
  await mkdir(join(path, "taken/figure1.webp"), { recursive: true });
  await writeFile(join(path, "file"), "keep me");
  await symlink("circle", join(path, "circle"));

  /** Every path below the folder. */
  const tree = async () => (await readdir(path, { recursive: true })).sort();

  async function expectRefused(args: readonly string[], sentence: string | RegExp): Promise<void> {
    const before = await tree();
    const { code, stdout, stderr } = await runCli(args, path);
    if (typeof sentence === "string") expect(stderr).toBe(`${sentence}\n`);
    else expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(await tree()).toEqual(before);
  }

  return { folder, expectRefused };
}
