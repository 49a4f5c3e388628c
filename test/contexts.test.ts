// Contexts of node:vm, in which Vitest's vm pools run tests: before Node 24 they have no Symbol.dispose.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { withFolder } from "./helpers/networks.js";

const package_ = createRequire(import.meta.url).resolve("vitest/package.json");
const vitest = join(dirname(package_), "vitest.mjs");
const source = `
  import { architectures, Generator } from "${new URL("../dist/index.js", import.meta.url).pathname}";

  const architecture = architectures.mlp({ latent: { noise: 4 }, image: [1, 8, 8] });
  it("samples end with their signal, and let go of it", async () => {
    const generator = new Generator(architecture, { seed: 0 });
    const stop = new AbortController();
    const { signal } = stop;
    expect((await generator.sample(2, { signal })).shape).toEqual([2, 1, 8, 8]);
    const why = new Error("enough");
    setTimeout(() => stop.abort(why), 20);
    await expect(generator.sample(1_000_000, { signal })).rejects.toBe(why);
  });
`;

it.each(["vmThreads", "vmForks"])("a signal is heeded in Vitest's %s", async (pool) => {
  await withFolder(async (root) => {
    await writeFile(join(root, "some.test.mjs"), source);
    const parameters = [vitest, "run", "--root", root, "--globals", "--pool", pool];
    const env = { ...process.env, NO_COLOR: "1" };
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { env });
    expect(stdout).toMatch(/Tests +1 passed/);
  });
});
