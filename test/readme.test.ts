// What the README shows is what compiles and runs.
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { withFolder } from "./helpers/networks.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (name: string) => readFile(join(root, name), "utf8");

it("the README's example is examples/mnist.ts, in at most 25 lines", async () => {
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(await read("README.md")) ?? [];
  expect(snippet).toBe(await read("examples/mnist.ts"));
  expect(snippet?.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

it("the README's example runs as it stands, in its short form", async () => {
  // Inside the package, so that "sparring" is the package itself.
  await mkdir(join(root, "build"), { recursive: true });
  const script = join(root, "build", "readme-example.mjs");
  await writeFile(
    script,
    (await read("examples/mnist.ts"))
      .replace("steps: 1800", "steps: 4")
      .replace("tickEvery: 100", "tickEvery: 2"),
  );
  await withFolder(async (folder) => {
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stdout).toMatch(/^2: D \d\.\d{3}, G \d\.\d{3}\n4: /);
    expect((await readFile(join(folder, "digits.png"))).subarray(1, 4).toString()).toBe("PNG");
    expect((await readFile(join(folder, "generator.safetensors"))).length).toBeGreaterThan(
      3_000_000,
    );
  });
});

it("every command that the README and CONTRIBUTING name is there", async () => {
  const scripts = JSON.parse(await read("package.json")).scripts as Record<string, string>;
  for (const page of ["README.md", "CONTRIBUTING.md"])
    for (const [, name] of (await read(page)).matchAll(/npm run ([a-z:-]+)/g))
      expect(scripts).toHaveProperty([name as string]);
});
