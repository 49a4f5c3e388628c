// What the README shows is what compiles and runs (the example: in examples-train.test.ts).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { start } from "./helpers/cli.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (name: string) => readFile(join(root, name), "utf8");

it("the README's example is examples/mnist.mjs, in at most 25 lines", async () => {
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(await read("README.md")) ?? [];
  expect(snippet).toBe(await read("examples/mnist.mjs"));
  expect(snippet?.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

it("the README's geometric means are those of docs/performance.md", async () => {
  const means = [...(await read("docs/performance.md")).matchAll(/^\| geometric mean .*$/gm)].map(
    ([row]) => [...row.matchAll(/([\d.]+)×\*\*/g)].map(([, mean]) => mean as string),
  );
  expect(means).toHaveLength(4);
  const told = (await read("README.md")).replaceAll(/\s+/g, " ");
  for (const [eager, best] of means) expect(told).toContain(` ${eager} and ${best}`);
});

it("every command that the README and CONTRIBUTING name is there", async () => {
  const scripts = JSON.parse(await read("package.json")).scripts as Record<string, string>;
  for (const page of ["README.md", "CONTRIBUTING.md"])
    for (const [, name] of (await read(page)).matchAll(/npm run ([a-z:-]+)/g))
      expect(scripts).toHaveProperty([name as string]);
});

it.each([
  [[], 5e-4],
  [["--lr", "1e-3"], 1e-3],
])("npm start %j: its own rate, or that of who starts it", async (given, lr) => {
  const command: string = JSON.parse(await read("package.json")).scripts.start;
  const [program, ...args] = command.split(" ");
  expect(program).toBe("node");
  const { child, ended } = start(
    process.execPath,
    [...args, ...given, "--dry-run", "--json"],
    root,
  );
  child.stdin.end();
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, ""]);
  const { generator, discriminator } = JSON.parse(stdout).config.optimizer;
  expect([generator.lr, discriminator.lr]).toEqual([lr, lr]);
});
