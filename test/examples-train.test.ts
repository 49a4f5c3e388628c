// The examples that train, in their short form: two steps of what they say. (The README's is in readme.test.ts.)
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writeTree } from "./helpers/image-folder.js";
import { withFolder } from "./helpers/networks.js";
import { root } from "./helpers/pages.js";

/** What an example prints, run in a folder as a script of the package. */
async function run(name: string, folder: string, ...parameters: string[]): Promise<string> {
  await mkdir(join(root, "build"), { recursive: true });
  const script = join(root, "build", `example-${name}.mjs`);
  const text = await readFile(join(root, "examples", `${name}.ts`), "utf8");
  await writeFile(
    script,
    text.replace(/steps: \d+/, "steps: 2").replace(/tickEvery: \d+/, "tickEvery: 1"),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...parameters], {
    cwd: folder,
    env: { ...process.env, XDG_CACHE_HOME: folder },
  });
  return stdout;
}

const isPng = async (path: string) =>
  (await readFile(path)).subarray(1, 4).toString("latin1") === "PNG";

it("examples/conditional.ts trains, draws a column a digit, and prints its PyTorch twin", async () => {
  await withFolder(async (folder) => {
    const said = await run("conditional", folder);
    expect(said).toMatch(
      /^1: D -?\d+\.\d{3}, G -?\d+\.\d{3}\n2: D .*\n[\s\S]*class Generator\(nn\.Module\)/,
    );
    expect(await isPng(join(folder, "conditional.png"))).toBe(true);
  });
});

it("examples/folder.ts trains on a folder, and says what it left out", {
  timeout: 120_000,
}, async () => {
  await withFolder(async (folder) => {
    const files = Array.from({ length: 64 }, (_, i) => [`${i}.png`, 4 * i] as const);
    const broken = { "broken.png": new Uint8Array() };
    await writeTree(join(folder, "mine"), { ...Object.fromEntries(files), ...broken });
    const said = await run("folder", folder, "mine");
    expect(said).toMatch(
      /^packed 65 of 65\nleft out broken\.png: it is empty\n1: D -?\d+\.\d{3}, G -?\d+\.\d{3}\n2: D /,
    );
    expect(await isPng(join(folder, "pictures.png"))).toBe(true);
  });
});

it("examples/stacked-mnist.ts counts the modes of what it trained", async () => {
  await withFolder(async (folder) => {
    const said = await run("stacked-mnist", folder, "2", "100");
    expect(said).toMatch(/^2 steps: \d+ of \d+ modes, divergence \d+\.\d{3}\n$/);
    expect(await isPng(join(folder, "stacked-mnist.png"))).toBe(true);
  });
});
