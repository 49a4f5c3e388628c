// Which modules a command line loads: no more than its command needs.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** The modules of files that a command line loads, by the coverage that V8 writes of them. */
async function modulesOf(words: string): Promise<string[]> {
  const into = join(folder.path, words.replaceAll(" ", "_"));
  const ended = await runCli(words.split(" "), folder.path, { NODE_V8_COVERAGE: into });
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  const [report] = await readdir(into);
  const { result } = JSON.parse(await readFile(join(into, report as string), "utf8"));
  const urls = (result as { url: string }[]).map(({ url }) => url);
  return urls.filter((url) => url.startsWith("file:"));
}

describe("a command line loads the modules of its command", () => {
  it("and of no other", async () => {
    const modules = await modulesOf("sample --help");
    expect(modules.some((url) => url.endsWith("/dist/cli/main-sample.js"))).toBe(true);
    const others = /\/dist\/cli\/main-(theory|train|bench|doctor)\.js|cli-progress/;
    expect(modules.filter((url) => others.test(url))).toEqual([]);
  });

  it("and hardly any where nothing is done", async () => {
    const modules = await modulesOf("--version");
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.filter((url) => /\/main-(sample|config|network)\.js/.test(url))).toEqual([]);
  });

  it("from few files: hundreds would take Node twice as long", async () => {
    const modules = await modulesOf("train --help");
    expect(modules.some((url) => url.endsWith("/dist/cli/main-train.js"))).toBe(true);
    const own = modules.filter((url) => !url.includes("/node_modules/"));
    expect(own.length).toBeLessThan(30);
    expect(own.filter((url) => !url.includes("/dist/cli/main"))).toEqual([]);
  });
});
